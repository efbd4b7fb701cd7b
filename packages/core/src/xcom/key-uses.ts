import type { Store, XComRef, XComRow } from "../store/contract.ts";
import { turn } from "../time/turn.ts";
import type { XComBackendPart, XComEnvelope, XComStage } from "./parts.ts";
import { deepest, isRecord } from "./stream-part.ts";

/** How many XComs name a key in their envelope. */
export interface XComKeyUse {
  /** The part that wrote with it: its name, or its marker if no part is there that reads it. */
  readonly part: string;
  /** As the envelopes name it. */
  readonly keyId: string;
  readonly count: number;
  /** How many of them would be written otherwise today: those are renewed by `engine.renewXComs`. */
  readonly stale: number;
  /** How many the part has something against. */
  readonly unclear: number;
}

export interface XComKeyUseQuery {
  /** Opened in whatever way: it is only read. */
  readonly store: { readonly xcoms: Pick<Store["xcoms"], "page"> };
  /** Those of the backend, also those that only read; of two with one marker the first is asked. */
  readonly parts: readonly XComBackendPart[];
  readonly signal?: AbortSignal;
  /** Told how many XComs of parts were looked at so far. */
  readonly onPage?: (seen: number) => void;
}

/** Rows carry what is stored: more at once would fill the memory where that is long. */
const rowsAtOnce = 50;
const longestKeyId = 300;
/** More different ones are no keys of ours. */
const mostUses = 1_000;

/**
 * Counts the keys that the XComs of a store were written with, as their envelopes say: an old key may be dropped when it is
 * not among them. Reads no value. Keys are named by the field `key_id`, as the parts for encryption have it.
 *
 * @returns by part and key id
 * @throws what the store throws, and the reason of an aborted `signal`
 * @example
 * ```ts
 * import { countXComKeys, memoryStore } from "@millrace/core/engine";
 *
 * const store = memoryStore();
 * await store.open("reader");
 * console.log(await countXComKeys({ store, parts: [] })); // []
 * ```
 */
export async function countXComKeys(query: XComKeyUseQuery): Promise<readonly XComKeyUse[]> {
  const { store, signal, onPage } = query;
  const stages = stagesByMarker(query.parts);
  const uses = new Map<string, { -readonly [Name in keyof XComKeyUse]: XComKeyUse[Name] }>();
  let seen = 0;
  for (let after: XComRef | undefined; ; ) {
    signal?.throwIfAborted();
    const rows: readonly XComRow[] = await store.xcoms.page({
      ...{ limit: rowsAtOnce, format: "envelope" },
      ...(after && { after }),
    });
    for (const row of rows) {
      for (const { part, keyId, judgement } of keysOf(row, stages)) {
        const name = JSON.stringify([part, keyId]);
        const use = uses.get(name) ?? { part, keyId, count: 0, stale: 0, unclear: 0 };
        use.count++;
        if (judgement !== "current") use[judgement]++;
        if (uses.has(name) || uses.size < mostUses) uses.set(name, use);
      }
    }
    seen += rows.length;
    onPage?.(seen);
    const last = rows.at(-1);
    if (!last || rows.length < rowsAtOnce) break;
    after = { taskInstanceNo: last.taskInstanceNo, key: last.key };
    // A store may answer at once: without turns in between nothing else would go on.
    await turn();
  }
  return [...uses.values()].sort((a, b) => compare(a.part, b.part) || compare(a.keyId, b.keyId));
}

interface KeyOfRow {
  readonly part: string;
  readonly keyId: string;
  readonly judgement: "current" | "stale" | "unclear";
}

function keysOf({ stored }: XComRow, stages: ReadonlyMap<string, XComStage>): KeyOfRow[] {
  const keys: KeyOfRow[] = [];
  let envelope: unknown = parsed(stored);
  for (let depth = 0; depth < deepest && isRecord(envelope); depth++, envelope = envelope["inner"]) {
    const known: XComEnvelope = envelope;
    const { key_id: keyId } = known;
    if (typeof keyId !== "string" || keyId.length > longestKeyId) continue;
    const markers = Object.keys(known).filter((field) => known[field] === true && field.startsWith("_xcom_"));
    const stage = stages.get(markers.find((marker) => stages.has(marker)) ?? "");
    keys.push({ part: stage?.name ?? markers[0] ?? "?", keyId, judgement: judged(stage, known) });
  }
  return keys;
}

function stagesByMarker(parts: readonly XComBackendPart[]): ReadonlyMap<string, XComStage> {
  const stages = new Map<string, XComStage>();
  for (const part of parts) if (part.kind === "stage" && !stages.has(part.marker)) stages.set(part.marker, part);
  return stages;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function judged(stage: XComStage | undefined, envelope: XComEnvelope): KeyOfRow["judgement"] {
  if (!stage) return "unclear";
  try {
    return stage.isStale?.(envelope) ? "stale" : "current";
  } catch {
    return "unclear";
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
