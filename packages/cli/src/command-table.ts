import type { Catalogue, CommandEntry } from "./catalogue.ts";

const groups: Catalogue["groups"] = {
  dags: "The DAGs that the DAG files define",
  runs: "What ran, and how it ended",
  tasks: "Tasks of a DAG, their states and logs",
  backfill: "Past dates of a schedule, filled on purpose",
  xcom: "Values that tasks left",
  keys: "The keys that values are encrypted with",
  pools: "Limits on how many tasks run at once",
  notify: "Who is told what happens",
  connections: "What tasks connect to by name",
  config: "The configuration as it holds",
  db: "The database of the store",
};

const commands: readonly CommandEntry[] = [
  {
    path: "init",
    summary: "Make a new project, with a first DAG and its test",
    load: () => import("./commands/init.ts"),
  },
  { path: "run", summary: "Run a DAG once, to its end", load: () => import("./commands/run.ts") },
  {
    path: "start",
    summary: "Start an engine that makes the runs that are asked for",
    load: () => import("./commands/start.ts"),
  },
  { path: "dags list", summary: "List the DAGs, with their last run", load: () => import("./commands/dags-list.ts") },
  { path: "dags show", summary: "Draw a DAG and list its tasks", load: () => import("./commands/dags-show.ts") },
  {
    path: "dags next",
    summary: "Show when a DAG has its next runs",
    load: () => import("./commands/dags-next.ts"),
  },
  {
    path: "dags validate",
    summary: "Load every DAG file and report every mistake",
    load: () => import("./commands/dags-validate.ts"),
  },
  {
    path: "dags trigger",
    summary: "Ask the engine for a run of a DAG",
    load: () => import("./commands/dags-trigger.ts"),
  },
  {
    path: "dags pause",
    summary: "Have no more scheduled runs of a DAG made",
    load: () => import("./commands/dags-pause.ts"),
  },
  {
    path: "dags unpause",
    summary: "Have scheduled runs of a DAG made again",
    load: () => import("./commands/dags-unpause.ts"),
  },
  {
    path: "dags set",
    summary: "Set what holds for a DAG whatever its code says",
    load: () => import("./commands/dags-set.ts"),
  },
  { path: "runs list", summary: "List runs, newest first", load: () => import("./commands/runs-list.ts") },
  { path: "runs show", summary: "Show one run and its tasks", load: () => import("./commands/runs-show.ts") },
  { path: "runs cancel", summary: "Stop a run", load: () => import("./commands/runs-cancel.ts") },
  {
    path: "runs retry",
    summary: "Have a run go on that failed or was cancelled",
    load: () => import("./commands/runs-retry.ts"),
  },
  { path: "runs watch", summary: "Follow a run to its end", load: () => import("./commands/runs-watch.ts") },
  {
    path: "backfill plan",
    summary: "Show which past dates would get a run, and why",
    load: () => import("./commands/backfill-plan.ts"),
  },
  {
    path: "backfill create",
    summary: "Fill past dates with runs",
    load: () => import("./commands/backfill-create.ts"),
  },
  {
    path: "backfill list",
    summary: "List backfills, newest first, and how far they are",
    load: () => import("./commands/backfill-list.ts"),
  },
  {
    path: "backfill show",
    summary: "Show one backfill and its dates",
    load: () => import("./commands/backfill-show.ts"),
  },
  {
    path: "backfill pause",
    summary: "Have a backfill make no further run",
    load: () => import("./commands/backfill-pause.ts"),
  },
  {
    path: "backfill resume",
    summary: "Have a backfill go on",
    load: () => import("./commands/backfill-resume.ts"),
  },
  {
    path: "backfill cancel",
    summary: "End a backfill",
    load: () => import("./commands/backfill-cancel.ts"),
  },
  {
    path: "backfill retry",
    summary: "Have the failed runs of a backfill run again",
    load: () => import("./commands/backfill-retry.ts"),
  },
  { path: "tasks list", summary: "List the tasks of a DAG", load: () => import("./commands/tasks-list.ts") },
  {
    path: "tasks states",
    summary: "Show how the tasks of a run stand",
    load: () => import("./commands/tasks-states.ts"),
  },
  { path: "tasks logs", summary: "Print the log of a task", load: () => import("./commands/tasks-logs.ts") },
  {
    path: "tasks test",
    summary: "Try one task, without recording anything",
    load: () => import("./commands/tasks-test.ts"),
  },
  { path: "tasks clear", summary: "Have tasks of a run run again", load: () => import("./commands/tasks-clear.ts") },
  { path: "tasks mark", summary: "Give tasks a state by hand", load: () => import("./commands/tasks-mark.ts") },
  { path: "xcom list", summary: "List the values that a run left", load: () => import("./commands/xcom-list.ts") },
  { path: "xcom get", summary: "Print one value", load: () => import("./commands/xcom-get.ts") },
  { path: "xcom clear", summary: "Remove values that a run left", load: () => import("./commands/xcom-clear.ts") },
  {
    path: "xcom stats",
    summary: "Show what the parts of the XCom backend save and cost",
    load: () => import("./commands/xcom-stats.ts"),
  },
  {
    path: "xcom gc",
    summary: "Remove values outside of the store that nobody needs",
    load: () => import("./commands/xcom-gc.ts"),
  },
  {
    path: "keys list",
    summary: "Count the values that each key has encrypted",
    load: () => import("./commands/keys-list.ts"),
  },
  {
    path: "keys rotate",
    summary: "Write values anew that an old key has encrypted",
    load: () => import("./commands/keys-rotate.ts"),
  },
  { path: "pools list", summary: "List the pools, and who uses them", load: () => import("./commands/pools-list.ts") },
  { path: "pools set", summary: "Set the slots of a pool", load: () => import("./commands/pools-set.ts") },
  {
    path: "notify test",
    summary: "Send a message that says that it is a test",
    load: () => import("./commands/notify-test.ts"),
  },
  {
    path: "connections list",
    summary: "List the connections, their types and where they come from",
    load: () => import("./commands/connections-list.ts"),
  },
  {
    path: "connections test",
    summary: "Try whether a connection can be reached",
    load: () => import("./commands/connections-test.ts"),
  },
  {
    path: "config explain",
    summary: "Print every setting and where it came from",
    load: () => import("./commands/config-explain.ts"),
  },
  {
    path: "db migrate",
    summary: "Bring the database to the schema of this version",
    load: () => import("./commands/db-migrate.ts"),
  },
  { path: "db check", summary: "Look the database over for damage", load: () => import("./commands/db-check.ts") },
  {
    path: "db clean",
    summary: "Remove runs, logs and events that need not be kept",
    load: () => import("./commands/db-clean.ts"),
  },
  {
    path: "db backup",
    summary: "Copy the database, also while an engine works",
    load: () => import("./commands/db-backup.ts"),
  },
  {
    path: "doctor",
    summary: "Check this installation and name what is wrong",
    load: () => import("./commands/doctor.ts"),
  },
  {
    path: "completion",
    summary: "Print a script that completes commands and ids in your shell",
    load: () => import("./commands/completion.ts"),
  },
  {
    path: "complete",
    summary: "Answer the completion script",
    load: () => import("./commands/complete.ts"),
    isHidden: true,
  },
];

/** Every command. A command's module is loaded when it is called. */
export const catalogue: Catalogue = { commands, groups };
