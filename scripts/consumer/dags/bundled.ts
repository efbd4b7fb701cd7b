// What Node alone refuses and a bundle allows: an import without its ending, and one of JSON without attributes.
import { dag } from "@millrace/core";
import prices from "../lib/prices.json";
import { sum } from "../lib/sum";

export default dag("bundled", {}, (d) => {
  const total = d.task("total", { isolation: "thread" }, () => sum(prices));
  d.task("check", { input: total }, ({ input }) => {
    if (input !== 5) throw new Error(`the bundle gives ${input}`);
  });
});
