import type { DagSnapshot, TaskSnapshot } from "@millrace/core/engine";
import type { Core } from "../session.ts";
import type { Style } from "../terminal/style.ts";
import type { Column } from "../terminal/table.ts";

const defaultPool = "default_pool";

/** A task of a definition as `-o json` prints it: upstreams by id. */
export function taskDefinitionPayload(task: TaskSnapshot, dag: DagSnapshot): Record<string, unknown> {
  return { ...task, upstream: task.upstream.map((number) => dag.tasks[number].id) };
}

export function taskDefinitionColumns(style: Style, dag: DagSnapshot, core: Core): Column<TaskSnapshot>[] {
  return [
    { title: "task", cell: (task) => task.id, paint: (text) => style.bold(text), flexible: true },
    { title: "kind", cell: (task) => (task.role === "work" ? task.kind : `${task.kind}, ${task.role}`) },
    { title: "after", cell: (task) => task.upstream.map((number) => dag.tasks[number].id).join(", "), flexible: true },
    { title: "rule", cell: (task) => (task.triggerRule === "all_success" ? "" : task.triggerRule) },
    { title: "retries", cell: (task) => (task.retries === 0 ? "" : String(task.retries)), align: "right" },
    {
      title: "timeout",
      cell: (task) => (task.executionTimeoutMs === undefined ? "" : core.formatDuration(task.executionTimeoutMs)),
      align: "right",
    },
    {
      title: "pool",
      cell: (task) =>
        task.pool === defaultPool && task.poolSlots === 1
          ? ""
          : task.poolSlots === 1
            ? task.pool
            : `${task.pool} × ${task.poolSlots}`,
    },
    {
      title: "about",
      cell: (task) => task.doc?.trim().split("\n")[0] ?? "",
      paint: (text) => style.dim(text),
      flexible: true,
    },
  ];
}
