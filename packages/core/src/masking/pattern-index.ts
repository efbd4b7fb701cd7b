import { shortestMasked } from "./forms-of.ts";

/** From where to where in a text. */
export type Span = readonly [start: number, end: number];

/** A pattern of which a line had the beginning at its end: the next line may go on with it. */
export interface Begun {
  readonly pattern: string;
  /** Characters that have been seen. */
  readonly seen: number;
}

/** What a line leaves to the next one. */
export interface LineEnd {
  readonly begun: readonly Begun[];
  /** Its last three characters: a pattern may have begun in them. */
  readonly tail: string;
}

/** What a line has of the patterns. */
export interface Found {
  /** Unsorted; they may overlap. */
  readonly spans: readonly Span[];
  readonly end: LineEnd;
}

/** Before the first line. */
export const noLineBefore: LineEnd = { begun: [], tail: "" };

const gateSize = 262_144;

/**
 * Finds many patterns in one pass over a text: the four characters at each place are looked up in a table of what patterns
 * begin with, and only where that says so patterns are compared.
 */
export class PatternIndex {
  readonly #gate = new Uint8Array(gateSize);
  /** By their first four characters. */
  readonly #byHead = new Map<string, Set<string>>();
  sizeChars = 0;

  add(pattern: string): void {
    const head = pattern.slice(0, shortestMasked);
    const known = this.#byHead.get(head) ?? new Set();
    if (known.has(pattern)) return;
    this.#byHead.set(head, known.add(pattern));
    this.#gate[gateOf(pattern, 0)] = 1;
    this.sizeChars += pattern.length;
  }

  /**
   * @param before - what the line before this one has left
   * @param ends - places where the line may have been cut off: the beginning of a pattern right before one is found too
   */
  find(line: string, before: LineEnd, ends: readonly number[]): Found {
    const spans: Span[] = [];
    const begun: Begun[] = [];
    const text = line.endsWith("\r") ? line.slice(0, -1) : line;
    for (const { pattern, seen } of before.begun) goOn(text, pattern, seen, spans, begun);
    for (let seen = 1; seen <= before.tail.length; seen++) {
      const head = before.tail.slice(-seen) + text.slice(0, shortestMasked - seen);
      for (const pattern of this.#byHead.get(head) ?? []) goOn(text, pattern, seen, spans, begun);
    }
    const lineEnd = text.length;
    const gate = this.#gate;
    let nextEnd = 0;
    for (let at = 0; at + shortestMasked <= line.length; at++) {
      if (gate[gateOf(line, at)] === 0) continue;
      const patterns = this.#byHead.get(line.slice(at, at + shortestMasked));
      if (!patterns) continue;
      while (nextEnd < ends.length && ends[nextEnd] - at < shortestMasked) nextEnd++;
      compare(line, at, patterns, { ends, nextEnd, lineEnd, spans, begun });
    }
    const tail = (text.length < shortestMasked ? before.tail + text : text).slice(1 - shortestMasked);
    return { spans, end: { begun, tail } };
  }
}

function compare(
  line: string,
  at: number,
  patterns: ReadonlySet<string>,
  search: {
    readonly ends: readonly number[];
    /** The first of the ends with enough before it. */
    readonly nextEnd: number;
    readonly lineEnd: number;
    readonly spans: Span[];
    readonly begun: Begun[];
  },
): void {
  const { ends, nextEnd, lineEnd, spans, begun } = search;
  for (const pattern of patterns) {
    if (line.startsWith(pattern, at)) {
      spans.push([at, at + pattern.length]);
      continue;
    }
    for (let next = nextEnd; next < ends.length; next++) {
      const seen = ends[next] - at;
      if (seen >= pattern.length) break;
      if (!pattern.startsWith(line.slice(at, at + seen))) continue;
      spans.push([at, at + seen]);
      if (at + seen === lineEnd) begun.push({ pattern, seen });
    }
  }
}

/** A pattern may go on in this line, fill it, and go on in the next one. */
function goOn(text: string, pattern: string, seen: number, spans: Span[], begun: Begun[]): void {
  const rest = pattern.length - seen;
  if (text !== "" && text[0] !== pattern[seen]) return;
  if (text.length >= rest) {
    if (text.startsWith(pattern.slice(seen))) spans.push([0, rest]);
  } else if (pattern.startsWith(text, seen)) {
    const now = seen + text.length;
    if (now >= shortestMasked && text !== "") spans.push([0, text.length]);
    begun.push({ pattern, seen: now });
  }
}

function gateOf(text: string, at: number): number {
  const high = Math.imul(text.charCodeAt(at), 31) + text.charCodeAt(at + 1);
  const low = Math.imul(text.charCodeAt(at + 2), 31) + text.charCodeAt(at + 3);
  return (Math.imul(high, 0x9e37) + Math.imul(low, 0x85eb)) & (gateSize - 1);
}
