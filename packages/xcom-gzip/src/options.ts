import { shown } from "@millrace/core/plugin";
import { z } from "zod";
import { type Algorithm, algorithmNames, levelsOf } from "./algorithms.ts";
import { gzipError } from "./errors.ts";

/** Options of `gzip`. */
export interface GzipOptions {
  /** Values of so many bytes or fewer are left as they are. Default 100. */
  readonly thresholdBytes?: number;
  /** How new values are compressed; every one of them is always read. Default `gzip`. */
  readonly algorithm?: Algorithm;
  /** How hard to try: 1 to 9 for gzip (default 6), 1 to 19 for zstd (default 3), 0 to 11 for brotli (default 5). */
  readonly level?: number;
  /** The most bytes that one value may have uncompressed, when it is written and when it is read. Default 256 MiB. */
  readonly maxOutputBytes?: number;
}

const countOf = (least: number, what: string) =>
  z.int({ error: ({ input }) => `it is ${shown(input)}, and must be ${what}` }).min(least, {
    error: ({ input }) => `it is ${shown(input)}, and must be ${what}`,
  });

/** What a config may say, with its defaults. */
export const optionsSchema = z
  .strictObject(
    {
      thresholdBytes: countOf(0, "a whole number of bytes, 0 or more").default(100),
      algorithm: z
        .enum(algorithmNames, { error: ({ input }) => `it is ${shown(input)}, and must be ${listed(algorithmNames)}` })
        .default("gzip"),
      level: z.int({ error: ({ input }) => `it is ${shown(input)}, and must be a whole number` }).optional(),
      maxOutputBytes: countOf(1, "a whole number of bytes, 1 or more").default(256 * 2 ** 20),
    },
    {
      error: (issue) =>
        issue.code === "unrecognized_keys"
          ? `the options are ${listed(optionNames)}`
          : "gzip() takes an object of options",
    },
  )
  .superRefine(({ algorithm, level }, context) => {
    const { least, most } = levelsOf(algorithm);
    if (level === undefined || (level >= least && level <= most)) return;
    context.addIssue({
      code: "custom",
      path: ["level"],
      message: `it is ${level}, and ${algorithm} has levels ${least} to ${most}`,
    });
  })
  .transform((options) => ({ ...options, level: options.level ?? levelsOf(options.algorithm).usual }));

/** The options, complete. */
export type Settings = z.output<typeof optionsSchema>;

/** @throws `XCOM_GZIP_OPTION_INVALID` for the first thing that is wrong */
export function parseOptions(options: GzipOptions): Settings {
  const { success, data, error } = optionsSchema.safeParse(options);
  if (success) return data;
  const [issue] = error.issues;
  const option = issue?.code === "unrecognized_keys" ? issue.keys[0] : issue?.path[0];
  throw gzipError("XCOM_GZIP_OPTION_INVALID", { option: shown(option ?? "options"), why: issue?.message });
}

const optionNames = ["thresholdBytes", "algorithm", "level", "maxOutputBytes"] as const;

function listed(names: readonly string[]): string {
  return `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}
