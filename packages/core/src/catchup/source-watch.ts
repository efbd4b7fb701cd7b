import type { MillraceError } from "../errors.ts";
import type { Clock } from "../time/clock.ts";
import { parseDuration } from "../time/duration.ts";
import type { CatchupSource } from "../timetable/catchup.ts";
import { type SourceAnswer, SourceReader } from "./source-reader.ts";

/** What a watch tells of its source, each trouble once until that is over. */
export interface SourceNews {
  readonly source: string;
  /** `null`: it concerns several DAGs. */
  readonly dagId: string | null;
  /** `undefined`: what could not be read can be read again. */
  readonly error: MillraceError | undefined;
}

/** So many troubles are told apart before one of them is told again. */
const mostTold = 100;

/** One source of catchup settings, read again and again for as long as a DAG has it. */
export class SourceWatch {
  readonly #source: CatchupSource;
  readonly #clock: Clock;
  readonly #reader: SourceReader;
  readonly #onNews: (news: SourceNews) => void;
  /** Troubles that were told, by the DAG that they concern, `""` for several. */
  readonly #told = new Map<string, Set<string>>();
  #rounds: Promise<unknown> = Promise.resolve();

  constructor(source: CatchupSource, clock: Clock, onNews: (news: SourceNews) => void) {
    this.#source = source;
    this.#clock = clock;
    this.#reader = new SourceReader(source, clock);
    this.#onNews = onNews;
  }

  /** Settings of these DAGs, of those that it could be read for: `undefined` is its default. One reading at a time. */
  read(dagIds: readonly string[], closing: AbortSignal): Promise<ReadonlyMap<string, unknown>> {
    const round = this.#rounds.then(async () => {
      const answers = await this.#reader.round(dagIds, closing);
      return closing.aborted ? new Map<string, unknown>() : this.#sorted(answers);
    });
    this.#rounds = round;
    return round;
  }

  /**
   * Reads it whenever its time has come, until there is no DAG that has it any more.
   *
   * @param dagIds - those that have it now
   */
  async keepReading(
    dagIds: () => readonly string[],
    take: (settings: ReadonlyMap<string, unknown>) => Promise<void>,
    closing: AbortSignal,
  ): Promise<void> {
    const everyMs = parseDuration(this.#source.every);
    for (;;) {
      await this.#clock.sleep(everyMs, closing);
      const wanted = closing.aborted ? [] : dagIds();
      if (wanted.length === 0) return;
      await take(await this.read(wanted, closing));
    }
  }

  #sorted(answers: ReadonlyMap<string, SourceAnswer>): ReadonlyMap<string, unknown> {
    const settings = new Map<string, unknown>();
    const errors = new Map<MillraceError, string[]>();
    for (const [dagId, answer] of answers) {
      if ("error" in answer) errors.set(answer.error, [...(errors.get(answer.error) ?? []), dagId]);
      else settings.set(dagId, answer.setting);
    }
    let isWholeTroubled = false;
    for (const [error, dagIds] of errors) {
      if (dagIds.length > 1) isWholeTroubled = true;
      this.#troubled(dagIds.length > 1 ? "" : dagIds[0], error);
    }
    for (const dagId of settings.keys()) this.#well(dagId);
    if (!isWholeTroubled) this.#well("");
    return settings;
  }

  #troubled(about: string, error: MillraceError): void {
    const text = `${error.code} ${error.message}`;
    let told = this.#told.get(about);
    if (!told || told.size >= mostTold) {
      told = new Set();
      this.#told.set(about, told);
    }
    if (told.has(text)) return;
    told.add(text);
    this.#onNews({ source: this.#source.name, dagId: about === "" ? null : about, error });
  }

  #well(about: string): void {
    if (!this.#told.delete(about)) return;
    this.#onNews({ source: this.#source.name, dagId: about === "" ? null : about, error: undefined });
  }
}
