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

/** What a stage hands on: what it did, and the bytes that it made. */
export interface StageResult {
  readonly envelope: XComEnvelope;
  readonly bytes: Uint8Array;
}

interface XComPart {
  /** For messages, for example `gzip`. */
  readonly name: string;
  /** The field, always `true`, by which its envelopes are known, for example `_xcom_compressed`. */
  readonly marker: string;
}

/** Turns bytes into bytes and says what it did. */
export interface XComStage extends XComPart {
  readonly kind: "stage";
  /** Field of its envelope that takes the bytes (base64) when they stay in the store, for example `data`. */
  readonly bytesField: string;
  /** `compress` stages may not follow `encrypt` ones. */
  readonly effect: "compress" | "encrypt" | "other";
  /** `undefined` declines: the value is not changed by this stage. `inner` is the envelope beneath, if there is one. */
  write(bytes: Uint8Array, address: XComAddress, inner: XComEnvelope | undefined): Promise<StageResult | undefined>;
  /** Undoes it. Must throw a typed error for bytes that it did not make. */
  read(bytes: Uint8Array, envelope: XComEnvelope, address: XComAddress): Promise<Uint8Array>;
}

/** Keeps bytes outside of the store. */
export interface XComPlace extends XComPart {
  readonly kind: "place";
  /** `undefined` declines: the bytes stay in the store. */
  put(bytes: Uint8Array, address: XComAddress, inner: XComEnvelope | undefined): Promise<XComEnvelope | undefined>;
  get(envelope: XComEnvelope, address: XComAddress): Promise<Uint8Array>;
  remove(envelope: XComEnvelope): Promise<void>;
}

export type XComBackendPart = XComStage | XComPlace;
