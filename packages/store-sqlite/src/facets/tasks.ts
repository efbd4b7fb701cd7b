import type { PerformanceRow, TaskFacet, TaskInstanceRow } from "@millrace/core/plugin";
import { anyText, type Read, rowsOf, textOf } from "./reading.ts";

/** Joined in the order written: from the run to its tasks' names and its instances. */
const columns = `i.task_instance_no AS taskInstanceNo, i.run_no AS runNo, i.task_no AS taskNo, t.task_id AS taskId,
  i.map_index AS mapIndex, i.state, i.attempt, i.token, i.started_at AS startedAt, i.ended_at AS endedAt,
  i.wake_at AS wakeAt, ${anyText("i.awaits", "awaits")}, i.error, ${anyText("i.reason", "reason")},
  i.crashes, i.uncounted`;

export function taskFacet(read: Read): TaskFacet {
  return {
    ofRun: (runNo) =>
      read((sql) =>
        sql
          .get(
            `SELECT ${columns} FROM runs r CROSS JOIN task_instances i ON i.run_no = r.run_no
             CROSS JOIN tasks t ON t.version_no = r.version_no AND t.task_no = i.task_no
             WHERE r.run_no = ? ORDER BY i.task_no, i.map_index`,
          )
          .all(runNo)
          .map(taskOf),
      ),
    get: (taskInstanceNo) =>
      read((sql) =>
        maybeTask(
          sql
            .get(
              `SELECT ${columns} FROM task_instances i CROSS JOIN runs r ON r.run_no = i.run_no
               CROSS JOIN tasks t ON t.version_no = r.version_no AND t.task_no = i.task_no
               WHERE i.task_instance_no = ?`,
            )
            .get(taskInstanceNo),
        ),
      ),
    find: ({ runNo, taskId, mapIndex }) =>
      read((sql) =>
        maybeTask(
          sql
            .get(
              `SELECT ${columns} FROM runs r CROSS JOIN tasks t ON t.version_no = r.version_no
               CROSS JOIN task_instances i ON i.run_no = r.run_no AND i.task_no = t.task_no
               WHERE r.run_no = ? AND t.task_id = ? AND i.map_index = ?`,
            )
            .get(runNo, taskId, mapIndex),
        ),
      ),
    running: () =>
      read((sql) =>
        sql
          .get(
            `SELECT ${columns} FROM runs r CROSS JOIN task_instances i ON i.run_no = r.run_no
             CROSS JOIN tasks t ON t.version_no = r.version_no AND t.task_no = i.task_no
             WHERE r.state IN ('queued', 'running') AND i.state = 'running' ORDER BY r.run_no, i.task_no, i.map_index`,
          )
          .all()
          .map(taskOf),
      ),
    performanceOfRun: (runNo) =>
      read((sql) =>
        rowsOf<PerformanceRow>(
          sql
            .get(
              `SELECT i.task_instance_no AS taskInstanceNo, t.task_id AS taskId, i.map_index AS mapIndex, p.attempt, p.scope,
                 p.duration_us AS durationUs, p.cpu_us AS cpuUs, p.memory_before_bytes AS memoryBeforeBytes,
                 p.memory_after_bytes AS memoryAfterBytes, p.memory_peak_bytes AS memoryPeakBytes, p.loop_delay_us AS loopDelayUs
               FROM runs r CROSS JOIN task_instances i ON i.run_no = r.run_no
               CROSS JOIN attempt_performance p ON p.task_instance_no = i.task_instance_no
               CROSS JOIN tasks t ON t.version_no = r.version_no AND t.task_no = i.task_no
               WHERE r.run_no = ? ORDER BY i.task_no, i.map_index, p.attempt`,
            )
            .all(runNo),
        ),
      ),
  };
}

function maybeTask(row: unknown): TaskInstanceRow | undefined {
  return row === undefined ? undefined : taskOf(row);
}

function taskOf(row: unknown): TaskInstanceRow {
  const task = row as TaskInstanceRow;
  const { awaits, reason } = task;
  return { ...task, awaits: awaits === null ? null : textOf(awaits), reason: reason === null ? null : textOf(reason) };
}
