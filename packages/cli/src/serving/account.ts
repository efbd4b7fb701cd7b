import type { CatchupSetting } from "@millrace/core";
import type { DagImportError, EngineEvent, EngineStart } from "@millrace/core/engine";
import type { UnfitDag } from "../open-engine.ts";
import { errorPayload } from "../report-error.ts";
import type { Core, Session } from "../session.ts";
import { safeLine } from "../terminal/safe-text.ts";
import { instantText } from "../terminal/show-time.ts";
import { catchupText } from "../views/catchup-view.ts";
import { importErrorLines, importErrorPayload } from "../views/import-error-view.ts";
import { iso } from "../views/run-view.ts";
import type { Reloaded } from "./reload-service.ts";

/** What an engine found when it was opened. */
export interface Beginning {
  readonly location: string;
  /** How many DAGs runs can be made of. */
  readonly dags: number;
  readonly unfit: readonly UnfitDag[];
  readonly errors: readonly DagImportError[];
}

/** Tells what an engine does while it works: a line for everything, as text or as JSON. */
export class Account {
  readonly #session: Session;
  readonly #core: Core;
  /** Since when runs are under way, by their numbers. */
  readonly #since = new Map<number, number>();
  /** What is wrong with DAG files at this moment, as it was told. */
  #told: ReadonlySet<string> = new Set();

  constructor(session: Session, core: Core) {
    this.#session = session;
    this.#core = core;
  }

  began({ location, dags, unfit, errors }: Beginning): void {
    const { style } = this.#session;
    this.#line(
      "engine.started",
      { pid: process.pid, location, dags },
      `${style.good("✓")} working on ${location} with ${count(dags, "DAG")} (process id ${process.pid})`,
    );
    this.#troubles(errors, unfit);
  }

  measured(url: string): void {
    this.#line("metrics.served", { url }, `metrics at ${url}`);
  }

  watched(url: string): void {
    this.#line("health.served", { url }, `health at ${url}/health, readiness at ${url}/ready`);
  }

  /** What changed; what is wrong only when it was not wrong before in the same way. */
  reloaded({ loaded, replaced, unfit }: Reloaded): void {
    const { style } = this.#session;
    const { added, changed, removed } = replaced;
    const parts = [
      ...(added.length > 0 ? [`added ${added.join(", ")}`] : []),
      ...(changed.length > 0 ? [`changed ${changed.join(", ")}`] : []),
      ...(removed.length > 0 ? [`removed ${removed.join(", ")}`] : []),
    ];
    if (parts.length > 0)
      this.#line("dags.reloaded", { added, changed, removed }, `${style.good("✓")} loaded anew: ${parts.join("; ")}`);
    this.#troubles(loaded.errors, unfit);
  }

  #troubles(errors: readonly DagImportError[], unfit: readonly UnfitDag[]): void {
    const { style, io } = this.#session;
    const told = new Set<string>();
    const tell = (kind: string, payload: Record<string, unknown>, text: string): void => {
      told.add(text);
      if (!this.#told.has(text)) this.#line(kind, payload, text);
    };
    for (const error of errors)
      tell("dag.failed", importErrorPayload(error), importErrorLines(error, style, io.cwd).join("\n"));
    for (const { dagId, error } of unfit)
      tell(
        "dag.refused",
        { dag: dagId, error: errorPayload(error) },
        `${style.bad("✗")} ${style.bold(dagId)}  ${safeLine(error.message)} ${style.dim(`(${error.code})`)}`,
      );
    this.#told = told;
  }

  adopted({ adopted, refused }: EngineStart): void {
    const { style } = this.#session;
    if (adopted > 0)
      this.#line("runs.adopted", { count: adopted }, `going on with ${count(adopted, "unfinished run")}`);
    for (const { dagId, runId, error } of refused)
      this.#line(
        "run.refused",
        { dag: dagId, run: runId, error: errorPayload(error) },
        `${style.bad("✗")} ${style.bold(dagId)}  ${runId}  cannot go on: ${safeLine(error.message)} ${style.dim(`(${error.code})`)}`,
      );
    this.#line("engine.ready", {}, style.dim("ready"));
  }

  /** A run that begins or ends, and a service that failed; the rest is for those who look closer. */
  tell(event: EngineEvent): void {
    const { style } = this.#session;
    const { kind, dagId, runId, runNo = 0, at, data } = event;
    if (kind === "service.failed") {
      const { service, message } = data as { readonly service: string; readonly message: string };
      return this.#line(kind, { service, message }, `${style.warn("!")} ${service}: ${safeLine(message)}`);
    }
    const schedule = scheduleLine(event);
    if (schedule !== undefined)
      return this.#line(
        kind,
        { dag: dagId ?? null, ...(data as object) },
        `${style.warn("!")} ${dagId === undefined ? "" : `${dagId}  `}${schedule}`,
        at,
      );
    const state = /^run\.(running|success|failed|cancelled)$/.exec(kind)?.[1];
    if (state === undefined) return;
    const since = this.#since.get(runNo);
    if (state === "running") this.#since.set(runNo, at);
    else this.#since.delete(runNo);
    const tookMs = state === "running" || since === undefined ? null : at - since;
    const note = (data as { readonly note?: string | null } | undefined)?.note ?? null;
    const text = [
      style.state(state).padEnd(style.hasColor ? 20 : 11),
      dagId,
      runId,
      ...(note === null ? [] : [safeLine(note)]),
      ...(tookMs === null ? [] : [style.dim(this.#core.formatDuration(tookMs))]),
    ];
    this.#line(kind, { dag: dagId, run: runId, note, tookMs }, text.join("  "), at);
  }

  draining(attempts: number, graceMs: number): void {
    const wait =
      attempts === 0
        ? "nothing is under way"
        : `waiting for ${count(attempts, "attempt")}, at most ${this.#core.formatDuration(graceMs)}; once more to hand ${attempts === 1 ? "it" : "them"} back at once`;
    this.#line("engine.draining", { attempts, graceMs }, `stopping: ${wait}`);
  }

  ended(handedBack: number): void {
    const text =
      handedBack === 0 ? "stopped" : `stopped; ${count(handedBack, "attempt")} handed back to the next engine`;
    this.#line("engine.stopped", { handedBack }, text);
  }

  #line(kind: string, payload: Readonly<Record<string, unknown>>, text: string, at = this.#session.now()): void {
    const { io, style, isJson } = this.#session;
    const line = isJson
      ? JSON.stringify({ at: iso(at), kind, ...payload })
      : `${style.dim(instantText(at, true).slice(11))}  ${text}`;
    io.out.write(`${line}\n`);
  }
}

/** What happens to the schedule of a DAG, for people. */
function scheduleLine({ kind, data }: EngineEvent): string | undefined {
  if (kind === "dag.schedule_failed") {
    const { message } = data as { readonly message: string };
    return `has no scheduled runs for now: ${safeLine(message)}`;
  }
  if (kind === "dag.runs_skipped") {
    const { from, to, catchup } = data as { readonly from: string; readonly to: string; readonly catchup: boolean };
    return `no runs for ${from} to ${to}: ${catchup ? "beyond what catchup makes up for" : "catchup is off"}`;
  }
  if (kind === "dag.catchup_changed") {
    const {
      old,
      new: now,
      by,
    } = data as {
      readonly old: CatchupSetting;
      readonly new: CatchupSetting;
      readonly by: string;
    };
    return `catchup is ${catchupText(now)} now, was ${catchupText(old)} (${safeLine(by)})`;
  }
  if (kind === "dag.catchup_unreadable") {
    const { message, code } = data as { readonly message: string; readonly code: string };
    return `catchup stays as it is: ${safeLine(message)} (${code})`;
  }
  if (kind === "dag.catchup_readable") {
    const { source } = data as { readonly source: string };
    return `catchup settings can be read again from ${safeLine(source)}`;
  }
  return undefined;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
