import { coreError, isMillraceError, messageOf, type XComAddress, type XComStage } from "@millrace/core/plugin";

/** A sample of a longer value is put together from so many pieces of it. */
const slices = 4;

/**
 * What a stage will make of a value, as compressed size / size: a sample goes through the stage itself. Exact for what is no
 * larger than the sample, and 1 where the stage declines.
 *
 * @throws what the stage throws; without a code of its own that is `XCOM_PART_FAILED`, as for the value itself
 */
export async function estimateRatio(
  stage: XComStage,
  bytes: Uint8Array,
  sampleBytes: number,
  address: XComAddress,
): Promise<number> {
  const sample = sampleOf(bytes, sampleBytes);
  const result = await stage.write(sample, address, undefined).catch((error: unknown) => {
    if (isMillraceError(error)) throw error;
    const about = { key: address.key, taskId: address.taskId, part: stage.name, did: "write", why: messageOf(error) };
    throw coreError("XCOM_PART_FAILED", about, { cause: error });
  });
  return result === undefined || sample.length === 0 ? 1 : result.bytes.length / sample.length;
}

/** The beginning, the end, and what lies evenly between them; all of it if there is no more. */
export function sampleOf(bytes: Uint8Array, sampleBytes: number): Uint8Array {
  if (bytes.length <= sampleBytes) return bytes;
  const length = Math.floor(sampleBytes / slices);
  const sample = new Uint8Array(length * slices);
  for (let slice = 0; slice < slices; slice++) {
    const from = Math.floor(((bytes.length - length) * slice) / (slices - 1));
    sample.set(bytes.subarray(from, from + length), slice * length);
  }
  return sample;
}
