import { randomBytes } from "node:crypto";
import type { StoredChecksum } from "./bucket.ts";
import { refused } from "./refusals.ts";

/** A part that has been uploaded. */
export interface UploadedPart {
  readonly pieces: readonly Uint8Array[];
  readonly sizeBytes: number;
  /** MD5 of the bytes. */
  readonly digest: Buffer;
  readonly modifiedAt: number;
  readonly checksum: Pick<StoredChecksum, "algorithm" | "value"> | undefined;
}

/** An upload in parts that is neither completed nor aborted. */
export interface Upload {
  readonly id: string;
  readonly key: string;
  readonly startedAt: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  /** What was asked for. Without it the parts may have any checksum or none, and S3 makes one of the whole. */
  readonly checksum: Pick<StoredChecksum, "algorithm" | "type"> | undefined;
  /** How often an object of the key had been removed when the upload began. */
  readonly removals: number;
  readonly parts: Map<number, UploadedPart>;
}

interface CompletedUpload {
  readonly key: string;
  readonly etag: string;
}

/** The uploads of a bucket that are in progress, and what became of those that were completed. */
export class Uploads {
  readonly #byId = new Map<string, Upload>();
  readonly #completed = new Map<string, CompletedUpload>();

  start(upload: Omit<Upload, "id" | "parts">): Upload {
    const id = randomBytes(24).toString("base64url");
    const started: Upload = { ...upload, id, parts: new Map() };
    this.#byId.set(id, started);
    return started;
  }

  /** The upload of this id and key; throws `NoSuchUpload`. */
  get(id: string, key: string): Upload {
    const upload = this.#byId.get(id);
    if (upload?.key !== key) throw refused("NoSuchUpload", undefined, { elements: { UploadId: id } });
    return upload;
  }

  remove(id: string): void {
    this.#byId.delete(id);
  }

  complete(upload: Upload, etag: string): void {
    this.#byId.delete(upload.id);
    this.#completed.set(upload.id, { key: upload.key, etag });
  }

  /** What a completed upload of this id and key has left: whoever completes it again is told so. */
  completed(id: string, key: string): CompletedUpload | undefined {
    const found = this.#completed.get(id);
    return found?.key === key ? found : undefined;
  }

  /** In the order in which they began. */
  all(): readonly Upload[] {
    return [...this.#byId.values()];
  }
}

/** With its quotes, as in headers. */
export function etagOfPart(part: UploadedPart): string {
  return `"${part.digest.toString("hex")}"`;
}
