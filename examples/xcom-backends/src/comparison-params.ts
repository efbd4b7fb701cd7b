import { z } from "zod";

/** What a run of the comparison can be told; everything has a default. */
export const comparisonParams = z.object({
  /** All data follows from it. */
  seed: z.int().default(20_240_115),
  /** Samples of up to so many bytes. */
  max_bytes: z.int().min(100).default(16_777_216),
  /** How long one value is written and read by one backend, again and again. */
  budget_ms: z.int().min(0).default(30),
  /** A bucket to measure with; without one the backends that need one are left out. Credentials are found as the AWS SDK finds them. */
  bucket: z.object({ bucket: z.string(), endpoint: z.string().optional(), region: z.string().optional() }).optional(),
  /** Where files of the measured backends lie meanwhile. Default: `.millrace/comparison` of this project. */
  work_dir: z.string().optional(),
  /** Folder for reports. Default: `reports` of this project. */
  reports_dir: z.string().optional(),
});

/** What a run is asked for with. */
export type ComparisonRequest = z.input<typeof comparisonParams>;
/** What the tasks see. */
export type ComparisonParams = z.output<typeof comparisonParams>;
/** A bucket for backends that need one. */
export type BucketOptions = NonNullable<ComparisonParams["bucket"]>;
