import { isMillraceError, messageOf } from "@millrace/core/plugin";
import { defineCommand } from "../command.ts";
import { cliError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { type ChannelTest, isNotifier } from "../notifier.ts";
import { arrow } from "../report-error.ts";
import { safeLine } from "../terminal/safe-text.ts";

export default defineCommand({
  about:
    "Sends by one channel of the config's notifiers, or by all of them, and says what happened. No engine is needed, and nothing is recorded. Exits with 5 if a channel took no message.",
  arguments: [{ name: "[channel]", says: "only by this one" }],
  examples: [
    ["millrace notify test", "does everybody get what they are to be told?"],
    ["millrace notify test ops", "only the channel `ops`"],
  ],
  async run(session, given) {
    const wanted = given.value<string>("channel");
    const core = await session.core();
    const notifiers = (await core.resolveServices(await session.config())).services.filter(isNotifier);
    if (notifiers.length === 0) throw cliError("NOTIFIER_ABSENT");
    const known = notifiers.flatMap(({ channels }) => channels);
    if (wanted !== undefined && !known.includes(wanted))
      throw cliError("CHANNEL_NOT_FOUND", { channel: safeLine(wanted), known: known.join(", ") || "none" });
    const over = new AbortController();
    const release = session.io.onInterrupt(() => over.abort());
    try {
      const tests = await Promise.all(
        notifiers
          .filter(({ channels }) => wanted === undefined || channels.includes(wanted))
          .map((notifier) => notifier.test(wanted, { signal: over.signal })),
      );
      const results = tests.flat();
      const { style } = session;
      session.print(
        results.map(({ error, ...result }) => ({ ...result, error: error === undefined ? null : errorOf(error) })),
        () =>
          results.flatMap(({ channel, ok, tookMs, error }) => {
            const took = style.dim(core.formatDuration(tookMs));
            if (ok) return [`${style.good("✓")} ${style.bold(channel)}  sent  ${took}`];
            const { code, message, cure } = errorOf(error);
            return [
              `${style.bad("✗")} ${style.bold(channel)}  ${safeLine(message)}${code === null ? "" : style.dim(` (${code})`)}  ${took}`,
              ...(cure === null ? [] : arrow(cure, style)),
            ];
          }),
      );
      if (over.signal.aborted) return exitCodes.interrupted;
      return results.every(({ ok }) => ok) ? exitCodes.ok : exitCodes.unavailable;
    } finally {
      release();
    }
  },
});

function errorOf(error: ChannelTest["error"]): {
  readonly code: string | null;
  readonly message: string;
  readonly cure: string | null;
} {
  const known = isMillraceError(error) ? error : undefined;
  return { code: known?.code ?? null, message: messageOf(error), cure: known?.cure ?? null };
}
