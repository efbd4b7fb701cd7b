import type { MillraceError } from "@millrace/core/plugin";
import { notifyError } from "../errors.ts";
import type { NotifyHost } from "../host.ts";
import type { NotifySettings } from "../options.ts";
import { namesIn } from "../rules/channels-for.ts";

/** DAGs that are listed. */
const mostDags = 10;

/** What is wrong with the names that DAGs and tasks give; `undefined` where every name has a channel. */
export function unknownNames(
  { engine, dag: dagOf }: Pick<NotifyHost, "engine" | "dag">,
  { channels }: NotifySettings,
): MillraceError | undefined {
  const names = new Set<string>();
  const dags = new Set<string>();
  for (const dagId of engine.dagIds()) {
    const dag = dagOf(dagId);
    for (const rule of [dag?.notify, ...(dag?.tasks ?? []).map(({ notify }) => notify)])
      for (const name of namesIn(rule)) {
        if (channels.has(name)) continue;
        names.add(name);
        dags.add(dagId);
      }
  }
  if (names.size === 0) return undefined;
  const listed = [...dags].slice(0, mostDags).join(", ");
  const who = dags.size > mostDags ? `${listed} and ${dags.size - mostDags} more` : listed;
  return notifyError("NOTIFY_CHANNEL_UNKNOWN", { names: [...names].map((name) => `'${name}'`).join(", "), who });
}
