import type { Store, XComRef, XComRow } from "../store/contract.ts";
import { turn } from "../time/turn.ts";
import { chunkMarker } from "./chunk-place.ts";
import type { XComBackendPart, XComEnvelope } from "./parts.ts";
import { deepest, isRecord, streamPart } from "./stream-part.ts";

/** What is stored of a DAG's XComs that went through a part. */
export interface XComUsage {
  readonly dagId: string;
  /** A part's name; its marker if no such part is configured. `json` for values that no part has touched, `store` for streams in the store. */
  readonly part: string;
  readonly values: number;
  /** Of their JSON text, or of their streams, before any part touched them. */
  readonly originalBytes: number;
  /** What they take now, in their rows and in their place: after all parts, not after this one alone. */
  readonly storedBytes: number;
  /** How much of that is in the place. */
  readonly placedBytes: number;
}

export interface XComUsageOptions {
  /** Opened in whatever way: it is only read. */
  readonly store: Pick<Store, "runs" | "xcoms">;
  /** Those of the XCom backend, also those that only read: they give markers their names. */
  readonly parts: readonly XComBackendPart[];
  /** Default: every DAG. */
  readonly dagId?: string;
  readonly signal?: AbortSignal;
}

/** Rows have what is stored, and that may be long. */
const pageSize = 200;

type Usage = { -readonly [Name in keyof XComUsage]: XComUsage[Name] };

/**
 * Adds up what is stored of XComs, by DAG and part, in one walk over the store. A value counts for each part that it went
 * through. Nothing of the values themselves is looked at.
 *
 * @returns sorted by DAG and part
 */
export async function measureXComs({ store, parts, dagId, signal }: XComUsageOptions): Promise<readonly XComUsage[]> {
  const usages = new Map<string, Usage>();
  const names = new Map<string, string>([[chunkMarker, "store"]]);
  const places = new Set([chunkMarker]);
  for (const { kind, name, marker } of parts) {
    names.set(marker, name);
    if (kind === "place") places.add(marker);
  }
  let runNo = -1;
  let dag: string | undefined;
  let after: XComRef | undefined;
  for (;;) {
    signal?.throwIfAborted();
    const page = await store.xcoms.page({ limit: pageSize, ...(after && { after }) });
    if (page.length === 0) break;
    for (const row of page) {
      // Rows come by instance, so those of a run mostly follow one another.
      if (row.runNo !== runNo) dag = (await store.runs.get(row.runNo))?.dagId;
      runNo = row.runNo;
      if (dag !== undefined && (dagId === undefined || dag === dagId)) add(usages, dag, row, { names, places });
    }
    after = page.at(-1);
    await turn();
  }
  const nameOf = ({ dagId: id, part }: XComUsage): string => JSON.stringify([id, part]);
  return [...usages.values()].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

function add(
  usages: Map<string, Usage>,
  dagId: string,
  row: XComRow,
  { names, places }: { readonly names: ReadonlyMap<string, string>; readonly places: ReadonlySet<string> },
): void {
  const envelopes = row.format === "envelope" ? envelopesOf(row.stored) : [];
  const markers = envelopes.map(markerOf).filter((marker) => marker !== undefined && marker !== streamPart.marker);
  const outermost = markerOf(envelopes[0] ?? {});
  const placedBytes = outermost !== undefined && places.has(outermost) ? sizeOf(envelopes[0]) : 0;
  const storedBytes = Buffer.byteLength(row.stored) + placedBytes;
  const parts = row.format === "json" ? ["json"] : markers.map((marker) => names.get(marker as string) ?? marker);
  for (const part of new Set(parts as string[])) {
    const key = JSON.stringify([dagId, part]);
    const usage = usages.get(key) ?? { dagId, part, values: 0, originalBytes: 0, storedBytes: 0, placedBytes: 0 };
    usages.set(key, usage);
    usage.values++;
    usage.originalBytes += row.sizeBytes;
    usage.storedBytes += storedBytes;
    usage.placedBytes += placedBytes;
  }
}

/** Outermost first; none of a text that is damaged. */
function envelopesOf(stored: string): readonly XComEnvelope[] {
  const envelopes: XComEnvelope[] = [];
  try {
    let envelope: unknown = JSON.parse(stored);
    for (; isRecord(envelope) && envelopes.length < deepest; envelope = envelope["inner"]) envelopes.push(envelope);
  } catch {
    // Whoever reads it is told.
  }
  return envelopes;
}

/** Only what can be a marker: an envelope may hold anything. */
function markerOf(envelope: XComEnvelope): string | undefined {
  return Object.keys(envelope).find((field) => /^_xcom_\w{1,80}$/.test(field) && envelope[field] === true);
}

/** What a place says that it keeps: `size_bytes`, or `stored_bytes` where that is the length of something else. */
function sizeOf(envelope: XComEnvelope): number {
  const size = envelope["stored_bytes"] ?? envelope["size_bytes"];
  return Number.isSafeInteger(size) && (size as number) >= 0 ? (size as number) : 0;
}
