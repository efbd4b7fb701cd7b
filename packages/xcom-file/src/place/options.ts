import { type Clock, shown, systemClock } from "@millrace/core/plugin";
import { fileError } from "../errors.ts";
import { type ChecksumAlgorithm, checksumAlgorithms, isChecksumAlgorithm } from "../files/checksums.ts";

/** Options of {@link file}. */
export interface FileOptions {
  /** Folder for XComs; made with mode 0700 if it is not there. */
  readonly dir: string;
  /** Folders that were `dir` once: they are read and never changed. Default: none. */
  readonly alsoRead?: readonly string[];
  /** Values of so many bytes or fewer stay in the store. Default 1,024. */
  readonly thresholdBytes?: number;
  /** What new files are checked by; files written with another one are read all the same. Default `sha256`. */
  readonly checksum?: ChecksumAlgorithm;
  /** For `created_at` and the names of files. Default: the machine's clock. */
  readonly clock?: Pick<Clock, "now">;
}

/** @throws `XCOM_FILE_OPTION_INVALID` */
export function checkedOptions(options: FileOptions): Required<FileOptions> {
  const { dir, alsoRead = [], thresholdBytes = 1_024, checksum = "sha256", clock = systemClock } = options;
  checkDir("dir", dir);
  if (!Array.isArray(alsoRead)) refuse("alsoRead", alsoRead, "it must be a list of paths");
  for (const other of alsoRead) checkDir("alsoRead", other);
  if (!(Number.isSafeInteger(thresholdBytes) && thresholdBytes >= 0))
    refuse("thresholdBytes", thresholdBytes, "it must be a whole number of bytes from 0");
  if (!isChecksumAlgorithm(checksum))
    refuse("checksum", checksum, `it must be one of ${checksumAlgorithms.join(", ")}`);
  return { dir, alsoRead, thresholdBytes, checksum, clock };
}

/** @throws `XCOM_FILE_OPTION_INVALID` */
export function checkDir(option: string, dir: unknown): void {
  if (typeof dir !== "string" || dir === "" || dir.includes("\0")) refuse(option, dir, "it must be a path");
}

export function refuse(option: string, value: unknown, expected: string): never {
  throw fileError("XCOM_FILE_OPTION_INVALID", { option, value: shown(value), expected });
}
