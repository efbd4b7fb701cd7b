import fc from "fast-check";
import parsePrometheus from "parse-prometheus-text-format";
import { expect, test } from "vitest";
import { MetricRegistry } from "./metric-registry.ts";
import { prometheusPage } from "./prometheus-page.ts";

test("whatever labels and values hold, a reader of the page gets them back", () => {
  const text = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.string({ unit: fc.constantFrom("\\", '"', "\n", "n", "{", "}", ",", "=", " ") }),
  );
  const value = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(text, value), { selector: ([label]) => label, maxLength: 8 }), (entries) => {
      const registry = new MetricRegistry(100);
      const family = registry.define({ name: "m", kind: "gauge", help: "back\\slash", labels: ["a", "b"] });
      const wanted = entries.filter(([label]) => !label.includes("\r"));
      for (const [label, number] of wanted) family.series([label, "plain"]).value = number;
      const page = prometheusPage(registry.families);
      expect(page.endsWith("\n")).toBe(true);
      const samples = page
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("#"))
        .map((line) => /^m\{a="((?:[^"\\]|\\.)*)",b="plain"\} (\S+)$/.exec(line));
      expect(
        samples.map((match) => [
          (match?.[1] ?? "?").replace(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped)),
          Number(match?.[2]),
        ]),
      ).toEqual(wanted.map(([label, number]) => [label, number === 0 ? expect.closeTo(0) : number]));
    }),
  );
});

test("a page has help and type of each metric, and histograms their buckets, sum and count", () => {
  const registry = new MetricRegistry(100);
  const seconds = registry.define({ name: "s", kind: "histogram", help: "two\nlines", labels: [], buckets: [0.1, 1] });
  for (const value of [0.05, 0.1, 0.5, 7]) seconds.record(seconds.series([]), value);
  registry.define({ name: "c_total", kind: "counter", help: "counts", labels: ["dag"] }).series(["d\\1"]).value = 2;
  expect(prometheusPage(registry.families)).toBe(`# HELP s two\\nlines
# TYPE s histogram
s_bucket{le="0.1"} 2
s_bucket{le="1"} 3
s_bucket{le="+Inf"} 4
s_sum 7.65
s_count 4
# HELP c_total counts
# TYPE c_total counter
c_total{dag="d\\\\1"} 2
`);
  expect(parsePrometheus(prometheusPage(registry.families))).toEqual([
    {
      name: "s",
      help: "two\nlines",
      type: "HISTOGRAM",
      metrics: [{ buckets: { "0.1": "2", "1": "3", "+Inf": "4" }, count: "4", sum: "7.65" }],
    },
    { name: "c_total", help: "counts", type: "COUNTER", metrics: [{ value: "2", labels: { dag: "d\\1" } }] },
  ]);
});
