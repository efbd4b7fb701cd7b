/** Which XCom a value is: what encryption authenticates and places name their files after. */
export interface XComAddress {
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  /** -1 for a task that is not mapped. */
  readonly mapIndex: number;
  readonly key: string;
}

/** Plain JSON that says what a part did, with the part's marker (`_xcom_…: true`) among its fields. */
export type XComEnvelope = Readonly<Record<string, unknown>>;

/** What a part may know of the call beside the value and its address. */
export interface XComCall {
  /** Aborted when nobody waits any more. A part stops, rejects with the signal's reason and leaves nothing behind. */
  readonly signal?: AbortSignal;
  /** How many records the value has: the length of a list, 1 for anything else. Unknown for streams. */
  readonly recordCount?: number;
}

/** Bytes that come in pieces of at most 1 MiB. A piece stays as it is after the next one was asked for. */
export type XComPieces = AsyncIterable<Uint8Array>;

/** A stream to be written. It can be read once. */
export interface XComSource extends XComPieces {
  /** Its first bytes, up to 64 KiB: enough to decide by. They come again in the first pieces. */
  readonly head: Uint8Array;
  /** True when `head` is all that there is. */
  readonly isWhole: boolean;
  /** How long it is, where that is known before its end. */
  readonly sizeBytes?: number;
}

/** What a stage hands on: what it did, and the bytes that it made. */
export interface StageResult {
  readonly envelope: XComEnvelope;
  readonly bytes: Uint8Array;
}

/** What a stage hands on of a stream. */
export interface StageStream {
  readonly pieces: XComPieces;
  /** What it did; asked once `pieces` have ended. */
  envelope(): XComEnvelope;
}

interface XComPart {
  /** For messages and as the label of metrics, for example `gzip`. */
  readonly name: string;
  /** The field, always `true`, by which its envelopes are known, for example `_xcom_compressed`. */
  readonly marker: string;
  /**
   * Called once before an engine uses it, and by `doctor`: throws what would fail later, answers what a person should know
   * (one sentence each). Other hosts need not call it.
   */
  open?(): Promise<readonly string[]>;
  /** Lets go of connections and timers. */
  close?(): Promise<void>;
}

/** Turns bytes into bytes and says what it did. It leaves alone what it is given. */
export interface XComStage extends XComPart {
  readonly kind: "stage";
  /** Field of its envelope that takes the bytes (base64) when they stay in the store, for example `data`. */
  readonly bytesField: string;
  /** `compress` stages may not follow `encrypt` ones. */
  readonly effect: "compress" | "encrypt" | "other";
  /** `undefined` declines: the value is not changed by this stage. `inner` is the envelope beneath, if there is one. */
  write(
    bytes: Uint8Array,
    address: XComAddress,
    inner: XComEnvelope | undefined,
    call?: XComCall,
  ): Promise<StageResult | undefined>;
  /** Undoes it. The envelope has `inner` as it was written. Must throw a typed error for bytes that it did not make. */
  read(bytes: Uint8Array, envelope: XComEnvelope, address: XComAddress, call?: XComCall): Promise<Uint8Array>;
  /**
   * As `write`, in little memory. `inner` answers once the source has ended. Declines by the head, before it reads the
   * source. A stage without it refuses streams, and large values go through `write`.
   */
  writeStream?(
    source: XComSource,
    address: XComAddress,
    inner: () => XComEnvelope | undefined,
    call?: XComCall,
  ): Promise<StageStream | undefined>;
  /** As `read`. It hands on nothing that it knows to be wrong; whatever can be told only at the end is thrown there. */
  readStream?(pieces: XComPieces, envelope: XComEnvelope, address: XComAddress, call?: XComCall): XComPieces;
  /**
   * Asked for each value before it is read, where this stage is among those that write: throws a typed error if a value
   * without this stage's envelope is not to be trusted. `markers` are those of the value's envelopes, outermost first.
   */
  admit?(markers: readonly string[], address: XComAddress): void;
  /** True when the value would be written otherwise today (with a newer key, say): it is to be renewed. */
  isStale?(envelope: XComEnvelope): boolean;
}

/** Something that a place keeps, as its collector finds it. */
export interface PlacedXCom {
  /** As {@link XComPlace.refOf} gives it. */
  readonly ref: string;
  /** Whose value it is, where that can be told. */
  readonly address?: XComAddress;
  readonly sizeBytes: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** True for what was begun and never finished: no envelope leads to it. */
  readonly isPartial: boolean;
}

/** Which part of what a place keeps. */
export interface XComScope {
  readonly dagId?: string;
  /** Only with `dagId`. */
  readonly runId?: string;
  /** Only with `runId`. */
  readonly taskId?: string;
}

/**
 * Keeps bytes outside of the store. Each `put` keeps them under a name of its own: nothing that was written before is
 * replaced, so that what an envelope leads to never changes.
 */
export interface XComPlace extends XComPart {
  readonly kind: "place";
  /** `undefined` declines: the bytes stay in the store. What it answers is durable. */
  put(
    bytes: Uint8Array,
    address: XComAddress,
    inner: XComEnvelope | undefined,
    call?: XComCall,
  ): Promise<XComEnvelope | undefined>;
  /** Throws three different typed errors for what is missing, cut short and altered, and others for what cannot be reached. */
  get(envelope: XComEnvelope, address: XComAddress, call?: XComCall): Promise<Uint8Array>;
  /** As `put`, in little memory; may decline by the head. A place without it refuses streams, and large values go through `put`. */
  putStream?(source: XComSource, address: XComAddress, call?: XComCall): Promise<XComEnvelope | undefined>;
  /** As `get`. What was altered is told at the latest after the last piece. */
  getStream?(envelope: XComEnvelope, address: XComAddress, call?: XComCall): XComPieces;
  /** What names the kept bytes within this place: unique, and the same for the same bytes. Throws a typed error for a hostile envelope. */
  refOf(envelope: XComEnvelope): string;
  /** Removes what these lead to. What is gone already is no error; nothing else is touched, whatever they say. */
  remove(refs: readonly string[], call?: XComCall): Promise<void>;
  /** Everything that it keeps, also what was never finished, grouped by run; for the collector. */
  list?(scope?: XComScope, call?: XComCall): AsyncIterable<PlacedXCom>;
}

/**
 * Chooses for each value which of its parts write it. Its envelope, which says why, is the innermost one; a value that
 * none of its parts takes stays as it is and has no envelope.
 */
export interface XComChooser extends XComPart {
  readonly kind: "chooser";
  /** Every part it may choose, in the order of writing: each reads what it wrote. */
  readonly parts: readonly (XComStage | XComPlace)[];
  /**
   * @param head - the value's bytes, or a stream's first 64 KiB
   * @param sizeBytes - of the whole; `undefined` for a stream longer than its head
   */
  choose(head: Uint8Array, sizeBytes: number | undefined, address: XComAddress, call?: XComCall): Promise<XComChoice>;
}

/** What a chooser has chosen. */
export interface XComChoice {
  /** Those of its parts that write the value, in their order. */
  readonly parts: readonly (XComStage | XComPlace)[];
  /** What it chose and why, with its marker; shows nothing of the value. */
  readonly envelope: XComEnvelope;
}

export type XComBackendPart = XComStage | XComPlace | XComChooser;
