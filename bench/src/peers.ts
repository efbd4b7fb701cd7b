import { formatTable } from "./table.ts";

/** What others reach with tasks that do nothing; a dash where nothing is known. */
interface Peer {
  readonly name: string;
  readonly tasksPerSecond: string;
  readonly chainOf40: string;
  readonly fanOut: string;
}

/** Measured by the authors of Millrace on a machine of this kind (2 cores, servers on the same machine), November 2026. */
const measuredHere: readonly Peer[] = [
  { name: "BullMQ 6.7 on Redis", tasksPerSecond: "3,150 – 7,800", chainOf40: "35 ms", fanOut: "408 ms" },
  { name: "BullMQ 6.7 on PostgreSQL", tasksPerSecond: "725 – 1,810", chainOf40: "118 ms", fanOut: "2,180 ms" },
  {
    name: "graphile-worker 0.18, local queue",
    tasksPerSecond: "31,000 – 40,000",
    chainOf40: "no DAG",
    fanOut: "no DAG",
  },
  { name: "pg-boss 12", tasksPerSecond: "1,044", chainOf40: "no DAG", fanOut: "no DAG" },
  { name: "DBOS 5.3", tasksPerSecond: "–", chainOf40: "136 ms", fanOut: "1,540 ms" },
  {
    name: "OpenWorkflow 0.10 on SQLite",
    tasksPerSecond: "–",
    chainOf40: "49 ms + up to 1 s of polling",
    fanOut: "719 ms",
  },
];

/** Published by windmill.dev: one worker on an m4.large; another machine, so only the order of magnitude compares. */
const published: readonly (readonly [name: string, seconds: string])[] = [
  ["Airflow", "116.2"],
  ["Kestra", "6.0"],
  ["Prefect", "4.9"],
  ["Windmill", "4.4"],
  ["Temporal", "3.0"],
  ["Windmill, dedicated worker", "2.1"],
  ["Hatchet", "1.2"],
];

/** Numbers of others, as context. None of them was measured in this run. */
export function formatPeers(): string {
  return [
    "Others with tasks that do nothing, measured before on such a machine (± 30 %):",
    formatTable(
      ["peer", "tasks/s", "chain of 40", "1,000 and a join"],
      measuredHere.map(({ name, tasksPerSecond, chainOf40, fanOut }) => [name, tasksPerSecond, chainOf40, fanOut]),
    ),
    "",
    "40 × fib(10), published by windmill.dev (m4.large, one worker), in seconds:",
    `  ${published.map(([name, seconds]) => `${name} ${seconds}`).join(" · ")}`,
  ].join("\n");
}
