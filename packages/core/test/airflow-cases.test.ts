import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { readBranchSkipAssets } from "./airflow/branch-skip-assets.ts";
import { type AirflowCase, readCaseFile } from "./airflow/case-file.ts";
import { readDagrunState } from "./airflow/dagrun-state.ts";
import { differenceOf, differences } from "./airflow/differences.ts";
import { readMapping } from "./airflow/mapping.ts";
import { readPrevDagrunDep } from "./airflow/prev-dagrun-dep.ts";
import { readPriorityWeight } from "./airflow/priority-weight.ts";
import { coveringTestOf, coveringTests } from "./airflow/prose.ts";
import { readRetryDelay } from "./airflow/retry-delay.ts";
import { readSetupTeardown } from "./airflow/setup-teardown.ts";
import { readPresets, readTimetables } from "./airflow/timetables.ts";
import { readTriggerRules } from "./airflow/trigger-rules.ts";
import { type GroupReader, notBuilt, type Verdict } from "./airflow/verdict.ts";
import { readXCom } from "./airflow/xcom.ts";

const readers: Readonly<Record<string, GroupReader>> = {
  interval_timetables: readTimetables,
  dst_cron: readTimetables,
  trigger_timetables: readTimetables,
  events_continuous_once: readTimetables,
  presets_misc: readPresets,
  trigger_rules: readTriggerRules,
  dagrun_state: readDagrunState,
  prev_dagrun_dep: readPrevDagrunDep,
  retry_delay: readRetryDelay,
  priority_weight: readPriorityWeight,
  xcom: readXCom,
  mapping: readMapping,
  setup_teardown: readSetupTeardown,
  branch_skip_assets: readBranchSkipAssets,
};

/** Groups about parts of Millrace that do not exist yet. */
const notThereYet: Readonly<Record<string, string>> = {
  sensors: "@millrace/sensors",
};

const kinds = ["run", "prose", "not built yet", "difference", "unknown"] as const;
const groups = readCaseFile().map(({ name, cases }) => ({
  name,
  cases: cases.map((fact) => ({ fact, verdict: verdictOf(name, fact) })),
}));

function verdictOf(group: string, fact: AirflowCase): Verdict {
  const missing = notThereYet[group];
  if (missing !== undefined) return notBuilt(missing);
  const difference = differenceOf(group, fact);
  if (difference) return { kind: "difference", heading: difference.heading };
  const coveredBy = coveringTestOf(group, fact);
  if (coveredBy) return { kind: "prose", coveredBy };
  return readers[group]?.(fact) ?? { kind: "unknown" };
}

for (const { name, cases } of groups) {
  const checks = cases.flatMap(({ fact, verdict }) =>
    verdict.kind === "run" ? [[fact.id, verdict.check] as const] : [],
  );
  if (checks.length === 0) continue;
  describe(name, () => {
    for (const [id, check] of checks) test(id, check);
  });
}

test("every test that stands for a case told in prose is there", () => {
  for (const { file, title } of coveringTests)
    expect(readFileSync(new URL(`../${file}`, import.meta.url), "utf8"), title).toContain(`test("${title}"`);
});

test("every difference has its reason in docs/airflow-differences.md", () => {
  const text = readFileSync(new URL("../../../docs/airflow-differences.md", import.meta.url), "utf8");
  for (const { heading } of differences) expect(text).toContain(`### ${heading}\n`);
});

test("a wrong expectation is noticed, whatever the group", async () => {
  const hourly = { id: "planted", expr: "@hourly", catchup: true, earliest: "2026-01-01", last: null };
  const planted: Readonly<Record<string, AirflowCase>> = {
    interval_timetables: { ...hourly, expect: ["2026-01-01T00:00:00Z", "2026-01-01T02:00:00Z"] },
    dst_cron: { ...hourly, expect_chain: [["2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z"]] },
    trigger_timetables: { ...hourly, timetable: "cron-trigger", expect: "2026-01-01T01:00:00Z" },
    events_continuous_once: { ...hourly, timetable: "once", expect: null },
    presets_misc: { id: "presets", expect: { "@hourly": "1 * * * *" } },
    trigger_rules: { id: "planted", rule: "all_done", counts: { success: 1, done: 1, total: 2 }, expect: "run" },
    dagrun_state: { id: "planted", tasks: { a: "failed" }, edges: [], expect: "success" },
    prev_dagrun_dep: { id: "planted", depends_on_past: true, prev: "failed", met: true },
    retry_delay: { id: "planted", delay: 30, max_delay: 3600, try_number: 50, expect: 3601 },
    priority_weight: { id: "planted", depth: 2, width: 2, w: 1, rule: "downstream", expect: [2, 1] },
    xcom: { id: "planted", task_ids: ["a"], map_indexes: 0, stored: 1, expect: 1 },
    mapping: { id: "concat", a: [1], b: [2], expect: [2, 1] },
    setup_teardown: { id: "planted", expect: { setup: "failed", work: "skipped" } },
    branch_skip_assets: { id: "branch", graph: "c>[b1,b2]", choose: "b1", expect_skipped: ["b1"] },
  };
  expect(Object.keys(planted)).toEqual(Object.keys(readers));
  for (const [group, fact] of Object.entries(planted)) {
    const verdict = verdictOf(group, fact);
    if (verdict.kind !== "run") throw new Error(`${group}: the planted case was not run`);
    await expect(Promise.resolve().then(verdict.check), group).rejects.toThrow();
  }
});

afterAll(() => {
  const width = Math.max(...groups.map(({ name }) => name.length));
  const lines = groups.map(({ name, cases }) => {
    const counts = kinds.map((kind) => `${cases.filter(({ verdict }) => verdict.kind === kind).length} ${kind}`);
    const missing = new Set(cases.flatMap(({ verdict }) => (verdict.kind === "not built yet" ? [verdict.what] : [])));
    return `  ${name.padEnd(width)}  ${counts.join(", ")}${missing.size > 0 ? ` (${[...missing].join("; ")})` : ""}`;
  });
  console.info(`Airflow cases by group:\n${lines.join("\n")}`);
  const strangers = groups.flatMap(({ name, cases }) =>
    cases.filter(({ verdict }) => verdict.kind === "unknown").map(({ fact }) => `${name}/${fact.id}`),
  );
  if (strangers.length > 0) console.warn(`Cases that nobody knows how to run: ${strangers.join(", ")}`);
});
