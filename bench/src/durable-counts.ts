import { DatabaseSync } from "node:sqlite";

/**
 * Looks from another connection whether everything that was measured is in the file: a state, a result, and the events of
 * start and end of every task. Throws if anything is missing; a figure without this would be a wish.
 */
export function checkDurable(path: string, tasks: number): void {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const count = (what: string): number => Number(db.prepare(`SELECT count(*) AS n FROM ${what}`).get()?.n);
    const found = {
      states: count("task_instances WHERE state = 'success' AND attempt = 1 AND ended_at IS NOT NULL"),
      results: count("xcoms WHERE key = 'return_value' AND stored = '1'"),
      starts: count("events WHERE kind = 'task.running'"),
      ends: count("events WHERE kind = 'task.success'"),
    };
    for (const [what, n] of Object.entries(found))
      if (n !== tasks) throw new Error(`${path} holds ${n} ${what} of ${tasks} tasks`);
  } finally {
    db.close();
  }
}
