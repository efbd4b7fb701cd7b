import type { BackfillProgress } from "@millrace/backfill";
import type { Core, Session } from "../session.ts";
import { progressLine } from "../terminal/progress-line.ts";
import { safeLine } from "../terminal/safe-text.ts";
import { instantText } from "../terminal/show-time.ts";
import { iso } from "../views/run-view.ts";
import { count } from "./preview.ts";

const barCells = 24;
/** Without a terminal a line is printed for every tenth, and at least so often. */
const longestSilenceMs = 60_000;

/** A backfill as `-o json` prints it. Instants are ISO 8601 in UTC. */
export function progressPayload(progress: BackfillProgress): Record<string, unknown> {
  const { backfillId, dagId, createdAt, startedAt, endedAt, ...others } = progress;
  return {
    backfill: backfillId,
    dag: dagId,
    ...others,
    createdAt: iso(createdAt),
    startedAt: iso(startedAt),
    endedAt: iso(endedAt),
  };
}

/** States of backfills by those of runs, for signs and colours. */
const looks: Readonly<Record<BackfillProgress["state"], string>> = {
  preparing: "queued",
  running: "running",
  paused: "waiting",
  cancelled: "cancelled",
  completed: "success",
};

function lookOf({ state, failed }: BackfillProgress): string {
  return state === "completed" && failed > 0 ? "failed" : looks[state];
}

/** `✓ completed`; one of which a run failed does not look well. */
export function stateText(progress: BackfillProgress, { style }: Session): string {
  return `${style.sign(lookOf(progress))} ${progress.state}`;
}

export function inStateColor(progress: BackfillProgress, text: string, { style }: Session): string {
  return style.inStateColor(lookOf(progress), text);
}

/** `12/30 done, 3 active, 1 failed, 2 skipped, 120 an hour, about 9 min 0 s left`. */
export function progressText(progress: BackfillProgress, core: Core): string {
  const { done, total, skipped, active, failed, cancelled, runsPerHour, etaMs, state } = progress;
  return [
    `${done}/${total - skipped} done`,
    ...(active > 0 ? [`${active} active`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(cancelled > 0 ? [`${cancelled} cancelled`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ...(runsPerHour > 0 ? [`${rateText(runsPerHour)}`] : []),
    ...(etaMs !== null && state === "running" ? [`about ${core.formatDuration(etaMs)} left`] : []),
  ].join(", ");
}

function rateText(runsPerHour: number): string {
  if (runsPerHour >= 36_000) return `${Math.round(runsPerHour / 3_600)} runs/s`;
  return runsPerHour >= 600
    ? `${Math.round(runsPerHour / 60)} runs/min`
    : `${Number(runsPerHour.toPrecision(2))} runs/h`;
}

/** What a person should see of a backfill once: its state, how far it is, what was asked for. */
export function progressLines(progress: BackfillProgress, session: Session, core: Core): string[] {
  const { backfillId, dagId, note, spec, startedAt, endedAt, maxActive } = progress;
  const { style } = session;
  const took = startedAt === null || endedAt === null ? [] : [`took ${core.formatDuration(endedAt - startedAt)}`];
  const asked = [
    `${spec.from} to ${spec.to}`,
    ...(spec.reprocess === "none" ? [] : [`runs again ${spec.reprocess} ones`]),
    ...(spec.order === "forward" ? [] : [spec.order]),
    `at most ${maxActive} at once`,
  ];
  return [
    `${inStateColor(progress, stateText(progress, session), session)}  ${style.bold(backfillId)}  ${dagId}  ${style.dim(safeLine(asked.join(", ")))}`,
    `  ${[progressText(progress, core), ...took].join(", ")}`,
    ...(note === null ? [] : [`  ${style.dim(safeLine(note))}`]),
  ];
}

/** Shows how far a backfill is, while it goes on. */
export interface ProgressView {
  show(progress: BackfillProgress): void;
  message(text: string): void;
  end(): void;
}

/** On a terminal a bar that is drawn anew in place, else a line now and then; on standard error. */
export function progressView(session: Session, core: Core): ProgressView {
  return session.io.err.isTerminal ? barView(session, core) : lineView(session, core);
}

function barView(session: Session, core: Core): ProgressView {
  const line = progressLine(session);
  return {
    show(progress) {
      const { done, total, skipped, backfillId } = progress;
      const share = total === skipped ? 1 : done / (total - skipped);
      const full = Math.min(barCells, Math.floor(share * barCells));
      const bar = "━".repeat(full) + "╌".repeat(barCells - full);
      line.show(`${backfillId}  ${bar}  ${progressText(progress, core)}`);
    },
    message(text) {
      line.end();
      session.io.err.write(`${text}\n`);
    },
    end: () => line.end(),
  };
}

function lineView(session: Session, core: Core): ProgressView {
  const { errStyle: style, io, options } = session;
  let tenth = -1;
  let told = Number.NEGATIVE_INFINITY;
  return {
    show(progress) {
      const { done, total, skipped, backfillId } = progress;
      const now = session.now();
      const tenths = Math.floor((10 * done) / Math.max(1, total - skipped));
      if (options.quiet || (tenths === tenth && now - told < longestSilenceMs)) return;
      tenth = tenths;
      told = now;
      io.err.write(`${style.dim(instantText(now, true).slice(11))}  ${backfillId}  ${progressText(progress, core)}\n`);
    },
    message: (text) => io.err.write(`${text}\n`),
    end: () => undefined,
  };
}

/** `1 run failed: millrace backfill retry …`, where there is something to do about a backfill. */
export function nextStep({ backfillId, state, failed }: BackfillProgress): string | undefined {
  if (state === "paused") return `Go on with: millrace backfill resume ${backfillId}`;
  if (failed > 0) return `${count(failed, "run")} failed; run them again with: millrace backfill retry ${backfillId}`;
  return undefined;
}
