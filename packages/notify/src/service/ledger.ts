import type { NotifyKind } from "@millrace/core/plugin";
import { z } from "zod";

/** Failed runs of a DAG since its last success. */
export interface Streak {
  readonly failed: number;
  /** When the first of them ended. */
  readonly since: number;
}

/** The time after a message in which the same about the same is only counted. */
export interface DedupeWindow {
  /** The message that was sent. */
  readonly id: string;
  readonly kind: NotifyKind;
  readonly subject: string;
  /** What happened, in words that a count can follow. */
  readonly title: string;
  readonly dagId?: string;
  readonly taskId?: string;
  readonly channels: readonly string[];
  readonly since: number;
  readonly until: number;
  /** So often it has happened since. */
  readonly count: number;
}

/** How far the notifier has come, and what it has to remember: one value of the store, written as a whole. */
export interface Ledger {
  /** Number of the last event that was dealt with. */
  seq: number;
  /** By DAG. */
  readonly streaks: Map<string, Streak>;
  /** By {@link windowKey}. */
  readonly windows: Map<string, DedupeWindow>;
}

/** DAGs and windows that are remembered; past that the oldest are forgotten. */
const mostEntries = 2_000;

const text = z.string().max(1_000);
const count = z.int().min(0);
const schema = z.object({
  v: z.literal(1),
  seq: count,
  streaks: z.array(z.tuple([text, z.object({ failed: count, since: z.int() })])),
  windows: z.array(
    z.object({
      id: text,
      kind: text,
      subject: text,
      title: text,
      dagId: text.optional(),
      taskId: text.optional(),
      channels: z.array(text),
      since: z.int(),
      until: z.int(),
      count,
    }),
  ),
});

export function emptyLedger(seq: number): Ledger {
  return { seq, streaks: new Map(), windows: new Map() };
}

/** Names a window: within it the same about the same is told once. */
export function windowKey({ kind, subject }: Pick<DedupeWindow, "kind" | "subject">): string {
  return `${kind} ${subject}`;
}

export function ledgerText({ seq, streaks, windows }: Ledger): string {
  return JSON.stringify({
    v: 1,
    seq,
    streaks: [...newest(streaks)],
    windows: [...newest(windows).values()],
  });
}

/** @throws what JSON.parse or the schema throws */
export function parseLedger(stored: string): Ledger {
  const { seq, streaks, windows } = schema.parse(JSON.parse(stored));
  return {
    seq,
    streaks: new Map(streaks),
    windows: new Map((windows as DedupeWindow[]).map((window) => [windowKey(window), window])),
  };
}

function newest<T>(entries: Map<string, T>): Map<string, T> {
  for (const key of entries.keys()) {
    if (entries.size <= mostEntries) break;
    entries.delete(key);
  }
  return entries;
}
