import { mkdir, open, unlink } from "node:fs/promises";
import type { FileReference } from "@millrace/xcom-file";
import type { Condition } from "../pipeline-params.ts";
import type { CompressedRecord } from "../xcom/compression.ts";

// Everything that a run may be told to break stands here; the tasks themselves know only how to cope.

/** Flips one bit in the middle of a stored file. */
export async function corruptFile({ file_path, file_size_bytes }: FileReference): Promise<void> {
  const handle = await open(file_path, "r+");
  try {
    const place = Math.floor(file_size_bytes / 2);
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, place);
    buffer[0] ^= 1;
    await handle.write(buffer, 0, 1, place);
  } finally {
    await handle.close();
  }
}

/** Removes a stored file behind the pipeline's back. */
export async function loseFile({ file_path }: FileReference): Promise<void> {
  await unlink(file_path);
}

/** Puts a folder in the place of a file, so that it cannot be removed as one. */
export async function blockFile({ file_path }: FileReference): Promise<void> {
  await unlink(file_path).catch(() => undefined);
  await mkdir(file_path, { recursive: true });
}

/** Damages the packed bytes of a compressed record. */
export function corruptCompressed(record: CompressedRecord): CompressedRecord {
  const middle = Math.floor(record.data.length / 2);
  return { ...record, data: `${record.data.slice(0, middle)}AAAAAAAA${record.data.slice(middle + 8)}` };
}

/** Settings of which some are missing or, when corrupt, make no sense. */
export function damagedParameters(parameters: Readonly<Record<string, unknown>>, condition: Condition): unknown {
  if (condition === "corrupt") return "<<<<<<< confidence_levels";
  if (condition === "medium") return { ...parameters, limits: { beta: 1.5 } };
  if (condition === "bad") return { portfolio: parameters.portfolio, trading_days_per_year: -1 };
  return parameters;
}
