import { z } from "zod";

/** The four data sources, in the order in which they are taken in. */
export const sourceNames = ["market_data", "trading_data", "risk_parameters", "external_feeds"] as const;
export type SourceName = (typeof sourceNames)[number];

/** The state in which a source is delivered; all but `good` are simulated. */
const conditions = ["good", "medium", "bad", "corrupt", "missing"] as const;
export type Condition = (typeof conditions)[number];

const condition = z.enum(conditions).default("good");

/**
 * What a run of the pipeline can be told. Without any of it, real market data comes in as it is and only the external
 * feed, which is synthetic, varies with the seed.
 */
export const pipelineParams = z.object({
  /** Everything that looks random follows from it. */
  seed: z.int().default(20_240_115),
  /** `vanished`: the file is there when it is stored and gone when it is read. */
  market_data: z.enum([...conditions, "vanished"]).default("good"),
  trading_data: condition,
  risk_parameters: condition,
  /** `random`: good, medium or bad by the seed. `down`: the feed does not answer, and the circuit breaker notices. */
  external_feeds: z.enum([...conditions, "random", "down"]).default("random"),
  /** Records of the external feed: some hundreds travel inside the XCom, some ten thousand go to a file. */
  feed_size: z.enum(["random", "small", "large"]).default("random"),
  /** Analyses that fail, to show that the others go on. */
  failing_analyses: z.array(z.enum(sourceNames)).default([]),
  /** The file of the market data cannot be removed at the end. */
  file_locked: z.boolean().default(false),
  /** The first attempt of the ingestion breaks off after it has written its files; the retry removes them. */
  interrupted: z.boolean().default(false),
  /** Folder for large data sets. Default: `.millrace/datasets` of this project. */
  data_dir: z.string().optional(),
  /** Folder for reports. Default: `reports` of this project. */
  reports_dir: z.string().optional(),
});

/** What a run is asked for with: everything has a default. */
export type PipelineRequest = z.input<typeof pipelineParams>;
/** What the tasks see. */
export type PipelineParams = z.output<typeof pipelineParams>;
