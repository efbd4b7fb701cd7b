import { shown, type XComPlace, type XComStage } from "@millrace/core/plugin";
import { z } from "zod";
import { hybridError } from "./errors.ts";
import { defaultKeywords } from "./sensitivity.ts";

/** What makes a value sensitive, so that it is encrypted. */
export interface SensitiveOptions {
  /** Found anywhere in a value, its key or its task's id, in capitals or not. Default {@link defaultKeywords}. */
  readonly keywords?: readonly string[];
  /** Further ones, beside `keywords`. */
  readonly moreKeywords?: readonly string[];
  /** Everything of these DAGs is sensitive. */
  readonly dags?: readonly string[];
  /** Everything under these XCom keys is sensitive. */
  readonly keys?: readonly string[];
}

export interface HybridOptions {
  /** The stage that compresses, for example `gzip()`. Without it nothing is compressed. */
  readonly compress?: XComStage;
  /** The stage that encrypts, for example `aesGcm({ keys })`. Without it nothing is encrypted, whatever it contains. */
  readonly encrypt?: XComStage;
  /** Where large values go, for example `file({ dir })`. Without it everything stays in the store. */
  readonly place?: XComPlace;
  /** Values of up to so many bytes are neither compressed nor put elsewhere. Default 1,024. */
  readonly inlineBytes?: number;
  /** Most bytes that a value may take in the store, as it is stored there; what would take more goes to `place`. Default 65,536. */
  readonly offloadBytes?: number;
  /** What compression has to save, from 0 to 1, of the bytes that are stored. Default 0.1. */
  readonly minGain?: number;
  /** So much of a value is compressed on trial, from 1,024 to 65,536 bytes. Default 32,768. */
  readonly sampleBytes?: number;
  /** What is encrypted: by keywords (the default), by name, or `"always"` everything. Needs `encrypt`. */
  readonly sensitive?: "always" | SensitiveOptions;
}

const bytes = (least: number, most: number) =>
  z.int(`a whole number of bytes from ${least} to ${most} is expected`).min(least).max(most);
const names = (what: string, longest: number) =>
  z.array(z.string().min(1).max(longest), `a list of ${what} is expected`).max(1_000);

const stage = (effect: XComStage["effect"], example: string) =>
  z.custom<XComStage>(
    (value) => isPart(value, "stage", "write") && value.effect === effect,
    `a live stage with the effect '${effect}' is expected, for example ${example}`,
  );

/** What the config file and the factory take. */
export const hybridOptions = z
  .strictObject({
    compress: stage("compress", "gzip()").optional(),
    encrypt: stage("encrypt", "aesGcm({ keys })").optional(),
    place: z
      .custom<XComPlace>(
        (value) => isPart(value, "place", "put"),
        "a live place is expected, for example file({ dir })",
      )
      .optional(),
    inlineBytes: bytes(0, 1_073_741_824).default(1_024),
    offloadBytes: bytes(0, 1_073_741_824).default(65_536),
    minGain: z.number("a number from 0 to 1 is expected").min(0).max(1).default(0.1),
    sampleBytes: bytes(1_024, 65_536).default(32_768),
    sensitive: z
      .union(
        [
          z.literal("always"),
          z.strictObject({
            keywords: names("keywords", 100).optional(),
            moreKeywords: names("keywords", 100).optional(),
            dags: names("DAG ids", 250).optional(),
            keys: names("XCom keys", 512).optional(),
          }),
        ],
        "'always', or an object with keywords, moreKeywords, dags or keys is expected",
      )
      .optional(),
  })
  .superRefine((options, refuse) => {
    const { inlineBytes, offloadBytes, sensitive, encrypt } = options;
    if (inlineBytes > offloadBytes)
      refuse.addIssue({
        code: "custom",
        path: ["inlineBytes"],
        message: `offloadBytes is ${offloadBytes}, which is less`,
      });
    if (sensitive !== undefined && encrypt === undefined)
      refuse.addIssue({
        code: "custom",
        path: ["sensitive"],
        message: "it needs 'encrypt': sensitive values would be stored as they are",
      });
  });

/** The options, checked, with every default filled in. */
export type HybridSettings = z.output<typeof hybridOptions>;

/** @throws `XCOM_HYBRID_OPTIONS_INVALID`, which lists every mistake */
export function parseHybridOptions(options: HybridOptions): HybridSettings {
  const parsed = hybridOptions.safeParse(options);
  if (parsed.success) return parsed.data;
  const list = parsed.error.issues.map(
    ({ path, message }) => `  - ${shown(path.join(".") || "the options").slice(1, -1)}: ${message}`,
  );
  throw hybridError("XCOM_HYBRID_OPTIONS_INVALID", { list: list.join("\n") });
}

/** Every keyword that counts. */
export function keywordsOf({ keywords = defaultKeywords, moreKeywords = [] }: SensitiveOptions): readonly string[] {
  return [...keywords, ...moreKeywords];
}

function isPart(value: unknown, kind: string, method: string): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const part = value as Readonly<Record<string, unknown>>;
  return part.kind === kind && typeof part.marker === "string" && typeof part[method] === "function";
}
