import { mask as stars } from "../config/secrets.ts";
import { formsOf, shortestMasked } from "./forms-of.ts";
import { type LineEnd, noLineBefore, PatternIndex, type Span } from "./pattern-index.ts";

/** Values that are remembered; beyond them the one that was handed out longest ago is forgotten. */
const mostValues = 10_000;
/** Characters of all their forms. */
const mostChars = 32 * 1_048_576;
/** What is left when there were too many: so that not every further value is the one too many. */
const share = 0.9;

/** What stands where a text was cut off. */
const cutMark = /\.\.\.|…/g;
/** A text of this length may have been cut without a mark. */
const cutLength = 1_000;

/** Where the lines of one source stand: a value that is broken into lines is known by what the line before has left. Begins empty. */
export interface LineMemory {
  last?: LineEnd;
}

/**
 * Puts `***` in place of the values that it was told, wherever they stand in a text: as they are, broken into lines, in URLs,
 * JSON and base64. Values of fewer than four characters are left. Costs nothing as long as it was told none.
 */
export class Masker {
  /** In the order in which they were handed out last. */
  readonly #values = new Map<string, readonly string[]>();
  #index: PatternIndex | undefined;

  /** False as long as there is nothing to mask. */
  get isActive(): boolean {
    return this.#index !== undefined;
  }

  /** From now on this value is masked. */
  remember(value: string): void {
    if (value.length < shortestMasked) return;
    const known = this.#values.get(value);
    if (known) {
      this.#values.delete(value);
      this.#values.set(value, known);
      return;
    }
    const forms = formsOf(value);
    this.#values.set(value, forms);
    this.#index ??= new PatternIndex();
    for (const form of forms) this.#index.add(form);
    if (this.#values.size > mostValues || this.#index.sizeChars > mostChars) this.#forgetOldest();
  }

  /** A text as it may be shown. */
  mask(text: string): string {
    if (!this.#index) return text;
    return this.#lines(text, {}, text.length >= cutLength);
  }

  /**
   * A line of a source that gives one after the other: of a value that is broken into lines no more than three characters are
   * left, however it is broken.
   */
  maskLine(line: string, memory: LineMemory): string {
    return this.#index ? this.#lines(line, memory, true) : line;
  }

  /**
   * The same for JSON, so that it stays JSON.
   *
   * @param what - `everything`, where anything may come from a task: names and numbers too. `texts`, where programs go by the
   *   names and numbers
   */
  maskJson(json: string, what: "everything" | "texts"): string {
    if (!this.#index) return json;
    try {
      return JSON.stringify(this.#maskedValue(JSON.parse(json), what === "everything"));
    } catch {
      return this.mask(json);
    }
  }

  #maskedValue(value: unknown, isAll: boolean): unknown {
    if (typeof value === "string") return this.mask(value);
    if (typeof value === "number" && isAll) {
      const text = String(value);
      const shown = this.mask(text);
      return shown === text ? value : shown;
    }
    if (Array.isArray(value)) return value.map((item) => this.#maskedValue(item, isAll));
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).map(
      ([key, item]) => [isAll ? this.mask(key) : key, this.#maskedValue(item, isAll)] as const,
    );
    return Object.fromEntries(entries);
  }

  #lines(text: string, memory: LineMemory, mayBeCut: boolean): string {
    const index = this.#index as PatternIndex;
    if (!text.includes("\n")) return maskedLine(index, text, memory, mayBeCut);
    const lines = text.split("\n");
    return lines.map((line, at) => maskedLine(index, line, memory, mayBeCut || at < lines.length - 1)).join("\n");
  }

  #forgetOldest(): void {
    const index = new PatternIndex();
    const kept: [string, readonly string[]][] = [];
    for (const entry of [...this.#values].reverse()) {
      if (kept.length > 0 && (kept.length >= mostValues * share || index.sizeChars > mostChars * share)) break;
      for (const form of entry[1]) index.add(form);
      kept.push(entry);
    }
    this.#values.clear();
    for (const [value, forms] of kept.reverse()) this.#values.set(value, forms);
    this.#index = index;
  }
}

function maskedLine(index: PatternIndex, line: string, memory: LineMemory, mayBeCut: boolean): string {
  const ends = cutPlaces(line);
  if (mayBeCut) ends.push(line.endsWith("\r") ? line.length - 1 : line.length);
  const { spans, end } = index.find(line, memory.last ?? noLineBefore, ends);
  memory.last = end;
  return spans.length === 0 ? line : withStars(line, spans);
}

function cutPlaces(line: string): number[] {
  const places: number[] = [];
  for (const { index } of line.matchAll(cutMark)) {
    let end = index;
    const least = places.at(-1) ?? 0;
    while (end > least && line[end - 1] === " ") end--;
    places.push(end);
  }
  return places;
}

function withStars(line: string, spans: readonly Span[]): string {
  let shown = "";
  let from = 0;
  let isMasked = false;
  for (const [start, end] of [...spans].sort((a, b) => a[0] - b[0])) {
    if (end <= from) continue;
    if (start > from || !isMasked) shown += line.slice(from, start) + stars;
    isMasked = true;
    from = end;
  }
  return shown + line.slice(from);
}

/** Symbol.for: two copies of core in one process know the same values. */
const shared = globalThis as { [key: symbol]: Masker | undefined };
const sharedKey = Symbol.for("millrace.masker");

/** Knows every value that was handed out in this process. */
export const processMasker: Masker = shared[sharedKey] ?? new Masker();
shared[sharedKey] = processMasker;

/**
 * A text as it may leave the process: secrets and passwords that tasks of this process were given are `***` in it, also where
 * they are written as in URLs, JSON or base64. Values of fewer than four characters are left as they are.
 *
 * @example
 * ```ts
 * import { dag } from "@millrace/core";
 * import { createEngine, environmentSecrets, maskSecrets, memoryStore } from "@millrace/core/engine";
 *
 * const report = dag("report", {}, (d) => {
 *   d.task("send", async ({ secret }) => (await secret("api_token")).length);
 * });
 * const secrets = [environmentSecrets({ env: { MILLRACE_SECRET_API_TOKEN: "k7-Tq92x" } })];
 * await using engine = await createEngine({ dags: [report], store: memoryStore(), secrets });
 * await engine.run(report);
 * console.log(maskSecrets("GET /orders?token=k7-Tq92x")); // GET /orders?token=***
 * ```
 */
export function maskSecrets(text: string): string {
  return processMasker.mask(text);
}
