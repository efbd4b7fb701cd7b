import { s3Error } from "./errors.ts";

const mebibyte = 1_048_576;

/** What S3 allows. */
export const smallestPartBytes = 5 * mebibyte;
export const largestPartBytes = 5_120 * mebibyte;
export const mostParts = 10_000;
export const largestObjectBytes = 5 * 1_024 * 1_024 * mebibyte;

/** Parts of one size before it doubles, for streams whose end is not known: the 10,000th part is past 5 TiB. */
const partsOfOneSize = 900;

/** The size of each part but the last, by its number from 1. */
export type PartPlan = (number: number) => number;

/**
 * How a value is cut into parts. A known length is cut evenly, which some stores want; without one parts begin small and
 * double, so that short streams take little memory and long ones come to their end.
 *
 * @param partSizeBytes - the size to begin with
 * @throws `XCOM_S3_TOO_LARGE`
 */
export function planParts(partSizeBytes: number, sizeBytes: number | undefined): PartPlan {
  if (sizeBytes === undefined) return (number) => checked(number, grown(partSizeBytes, number));
  if (sizeBytes > largestObjectBytes) throw s3Error("XCOM_S3_TOO_LARGE", { sizeBytes, limit: largestObjectBytes });
  const needed = Math.ceil(Math.ceil(sizeBytes / mostParts) / mebibyte) * mebibyte;
  const size = Math.max(partSizeBytes, needed);
  return (number) => checked(number, size);
}

function grown(partSizeBytes: number, number: number): number {
  return Math.min(partSizeBytes * 2 ** Math.floor((number - 1) / partsOfOneSize), largestPartBytes);
}

function checked(number: number, size: number): number {
  if (number <= mostParts) return size;
  throw s3Error("XCOM_S3_TOO_LARGE", { sizeBytes: number * size, limit: `${mostParts} parts` });
}
