import type { CatchupSet } from "@millrace/core/engine";
import { defineCommand } from "../command.ts";
import { cliError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { operate } from "../operate.ts";
import { catchupText, originText } from "../views/catchup-view.ts";

export default defineCommand({
  about: [
    "Sets what holds for a DAG whatever its code says. `catchup` is true, false or bounds: since (an instant or a date), window (a duration) and maxRuns, as YAML or JSON. `catchup=` without a value ends that.",
    "It goes before the source that the DAG may have its settings from. An engine that works takes it on at once; the change is recorded as an event.",
  ].join("\n\n"),
  arguments: [
    { name: "<dag>", says: "id of the DAG", completes: "dag" },
    {
      name: "[setting]",
      says: "catchup=<value>",
      completes: ["catchup=true", "catchup=false", "catchup="],
    },
  ],
  options: [{ flags: "--reset", says: "what was set before does not hold any more" }],
  examples: [
    ["millrace dags set sales catchup=false", "only the latest of the runs that were missed"],
    ["millrace dags set sales 'catchup={since: 2026-10-01, window: 7d, maxRuns: 100}'", "those within bounds"],
    ["millrace dags set sales --reset", "as its source or its code has it"],
  ],
  async run(session, given) {
    const core = await session.core();
    const dagId = core.checkDagId(given.text("dag"));
    const text = textOf(given.textOr("setting", undefined), given.flag("reset"));
    const setting = text === "" ? null : core.parseCatchupText(text);
    const { answer } = await operate<CatchupSet>(session, { operation: "setCatchup", dagId, setting });
    const { style } = session;
    session.print({ dag: dagId, catchup: { old: answer.old, new: answer.new, ...originOf(answer) } }, () => [
      `${style.bold(dagId)}  catchup: ${catchupText(answer.old)} → ${catchupText(answer.new)}  ${style.dim(originText(answer))}`,
    ]);
    return exitCodes.ok;
  },
});

function originOf({ from, source }: CatchupSet): Pick<CatchupSet, "from" | "source"> {
  return { from, source };
}

/** The text of the value; empty for none. */
function textOf(setting: string | undefined, isReset: boolean): string {
  const wrong = (what: string) => cliError("USAGE_INVALID", { what, command: "millrace dags set" });
  if (isReset && setting !== undefined) throw wrong("--reset and a setting were given");
  if (isReset) return "";
  const name = "catchup=";
  if (!setting?.startsWith(name)) throw wrong("a setting is needed: catchup=<value>, or --reset");
  return setting.slice(name.length).trim();
}
