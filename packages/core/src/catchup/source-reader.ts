import { coreError, isMillraceError, type MillraceError, shown } from "../errors.ts";
import type { Clock } from "../time/clock.ts";
import { formatDuration } from "../time/duration.ts";
import type { CatchupSource } from "../timetable/catchup.ts";
import { settingMistakes } from "./setting-mistakes.ts";

/** What a source said of a DAG: a setting (`undefined`: the default), or why there is none. */
export type SourceAnswer = { readonly setting: unknown } | { readonly error: MillraceError };

/** How long a source may take for all of its DAGs. */
const roundMs = 10_000;

/** Asks one source of catchup settings, in rounds: never twice at once, and never for longer than 10 s. */
export class SourceReader {
  readonly #source: CatchupSource;
  readonly #clock: Clock;
  /** What was not answered in time, and goes on. */
  #late: Promise<unknown> | undefined;
  /** DAGs that the last round did not come to: they are asked for first. */
  #left: readonly string[] = [];

  constructor(source: CatchupSource, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
  }

  /** Asks for these DAGs. Never rejects; a closing engine gets no answers. */
  async round(dagIds: readonly string[], closing: AbortSignal): Promise<ReadonlyMap<string, SourceAnswer>> {
    if (this.#late) return all(dagIds, this.#failed("it has not answered yet what it was asked before"));
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, closing]);
    const late = this.#clock.sleep(roundMs, signal).then((): typeof isLate => isLate);
    try {
      return await this.#ask(dagIds, { signal, late });
    } finally {
      over.abort();
    }
  }

  async #ask(dagIds: readonly string[], around: Around): Promise<ReadonlyMap<string, SourceAnswer>> {
    const { signal } = around;
    const clock = this.#clock;
    const first = await this.#inTime(() => this.#source.refresh?.({ signal, clock }), around);
    if ("error" in first) return all(dagIds, first.error);
    const answers = new Map<string, SourceAnswer>();
    const order = [...new Set([...this.#left.filter((dagId) => dagIds.includes(dagId)), ...dagIds])];
    for (const [place, dagId] of order.entries()) {
      const answer = await this.#inTime(() => this.#source.read({ dagId, signal }), around);
      if (this.#late || signal.aborted) {
        this.#left = order.slice(place + 1);
        const error = "error" in answer ? answer.error : this.#failed("it took too long");
        return new Map([...answers, ...all(order.slice(place), error)]);
      }
      answers.set(dagId, this.#checked(dagId, answer));
    }
    this.#left = [];
    return answers;
  }

  #checked(dagId: string, answer: SourceAnswer): SourceAnswer {
    if ("error" in answer || answer.setting === undefined) return answer;
    try {
      const mistakes = settingMistakes(answer.setting, "setting");
      if (mistakes.length === 0) return answer;
      const source = this.#source.name;
      return { error: coreError("CATCHUP_SOURCE_INVALID", { source, dagId, why: mistakes.join("; ") }) };
    } catch (error) {
      return { error: this.#failed("what it gave cannot be looked at", error) };
    }
  }

  async #inTime(act: () => unknown, { signal, late }: Around): Promise<SourceAnswer> {
    if (signal.aborted) return { error: this.#failed("nobody waits for it any more") };
    try {
      const asked = act();
      if (!isPromise(asked)) return { setting: asked };
      const setting = await Promise.race([asked, late]);
      if (setting !== isLate) return { setting };
      this.#late = asked.then(
        () => this.#answered(),
        () => this.#answered(),
      ) as Promise<unknown>;
      return { error: this.#failed(`it took longer than ${formatDuration(roundMs)}`) };
    } catch (error) {
      return { error: isMillraceError(error) ? error : this.#failed(whatFailed(error), error) };
    }
  }

  #answered(): void {
    this.#late = undefined;
  }

  #failed(why: string, cause?: unknown): MillraceError {
    const source = this.#source.name;
    return coreError("CATCHUP_SOURCE_FAILED", { source, why }, cause === undefined ? {} : { cause });
  }
}

interface Around {
  readonly signal: AbortSignal;
  readonly late: Promise<typeof isLate>;
}

const isLate = Symbol("late");

function all(dagIds: readonly string[], error: MillraceError): ReadonlyMap<string, SourceAnswer> {
  return new Map(dagIds.map((dagId) => [dagId, { error }]));
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** The kind of an error: what it says may quote data. */
function whatFailed(error: unknown): string {
  if (!(error instanceof Error)) return "it threw something that is no error";
  const { code } = error as NodeJS.ErrnoException;
  const name = shown(error.name, 60).slice(1, -1);
  return typeof code === "string" && /^\w{1,60}$/.test(code) ? `${name} (${code})` : name;
}
