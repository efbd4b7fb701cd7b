import type { StoredXCom, XComAddress, XComBackend } from "@millrace/core/plugin";
import type { BucketOptions } from "../comparison-params.ts";

/** A thing that goes wrong with a stored value, which error says so, and how the value is had again. */
export interface Fault {
  /** What happens, as a sentence. */
  readonly says: string;
  /** The code of the error by which reading must fail. */
  readonly code: string;
  /** What a person does about it, as a sentence. */
  readonly mending: string;
  readonly needsBucket?: boolean;
  /** Stores the value, breaks it, and says how it is read then and after it was mended. */
  stage(scene: Scene): Promise<StagedFault>;
}

/** Where a fault takes place. */
export interface Scene {
  readonly value: unknown;
  readonly address: XComAddress;
  /** Empty, and removed afterwards. */
  readonly folder: string;
  readonly bucket: BucketOptions | undefined;
}

export interface StagedFault {
  /** Reads the broken value. */
  read(): Promise<unknown>;
  /** Reads it after it was mended. */
  readMended(): Promise<unknown>;
}

/** What became of a fault. */
export interface FaultOutcome {
  readonly fault: string;
  readonly says: string;
  readonly code: string;
  readonly message: string;
  readonly mending: string;
  readonly is_mended: boolean;
}

/** An envelope as it comes out of the store; a value without one would be no subject for these faults. */
export function envelopeOf(stored: StoredXCom): Readonly<Record<string, unknown>> {
  if (typeof stored === "string") throw new Error("The value was stored as it is.");
  return JSON.parse(JSON.stringify(stored)) as Readonly<Record<string, unknown>>;
}

/** The two readings of a fault in what is stored. */
export function readings(
  backend: XComBackend,
  address: XComAddress,
  { broken, mended }: { readonly broken: StoredXCom; readonly mended: StoredXCom },
): StagedFault {
  return {
    read: () => backend.deserialize(broken, address),
    readMended: () => backend.deserialize(mended, address),
  };
}
