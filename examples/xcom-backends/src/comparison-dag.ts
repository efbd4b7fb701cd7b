import { type Clock, type Dag, dag, systemClock } from "@millrace/core";
import { type ComparisonRequest, comparisonParams } from "./comparison-params.ts";
import { compareBackends } from "./tasks/compare-backends.ts";
import { generateData } from "./tasks/generate-data.ts";
import { listBackends } from "./tasks/list-backends.ts";
import { listFaults } from "./tasks/list-faults.ts";
import { measureOneBackend } from "./tasks/measure-one-backend.ts";
import { tryFault } from "./tasks/try-fault.ts";

/**
 * `generate_data → measure_backend[…] → try_fault[…] → compare_backends`: six kinds of data through every XCom backend, then
 * what can go wrong with stored values, then a report of both. One thing at a time, so that nothing disturbs the figures.
 */
export function xcomBackendsComparison(clock: Clock = systemClock): Dag<ComparisonRequest> {
  return dag(
    "xcom_backends_comparison",
    {
      description: "Measures every XCom backend with six kinds of data, tries out what can fail, and compares",
      params: comparisonParams,
      defaults: { executionTimeout: "5m" },
      tags: ["xcom"],
    },
    (d) => {
      const samples = d.task("generate_data", generateData);
      const backends = d.task("list_backends", listBackends);
      const measured = d.map(
        "measure_backend",
        { over: backends, input: { samples }, maxActive: 1 },
        measureOneBackend(clock),
      );
      const faults = d.task("list_faults", listFaults);
      const tried = d.map("try_fault", { over: faults, maxActive: 1 }, tryFault);
      d.chain(measured, tried);
      d.task("compare_backends", { input: { measured, tried } }, compareBackends(clock));
    },
  );
}
