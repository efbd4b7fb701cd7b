import { expect, it } from "vitest";
import { dag } from "../authoring/dag.ts";
import { compileGraph } from "../graph/compile.ts";
import { LiveDag } from "../scheduler/live-dag.ts";
import { LiveVersion } from "../scheduler/live-version.ts";
import { systemRandomness } from "../time/random.ts";
import { parseRunRequest } from "./parse-run-request.ts";

it("requests of one millisecond get run ids of their own", async () => {
  const hello = dag("hello", {}, (d) => {
    d.task("name", () => "Ada");
  });
  const live = new LiveDag({ dagId: "hello", dagNo: 1, isPaused: false });
  const version = new LiveVersion(live, compileGraph(hello), 1);
  const around = { type: "manual", now: Date.UTC(2026, 9, 22), randomness: systemRandomness } as const;
  const requests = await Promise.all(Array.from({ length: 20_000 }, () => parseRunRequest(version, {}, around)));
  expect(new Set(requests.map(({ runId }) => runId)).size).toBe(20_000);
});
