import { readFile } from "node:fs/promises";
import { type CircuitBreaker, circuitBreaker, taskStateBreakerStore } from "@millrace/resilience";
import { isFileReference, storeLargeDataset } from "@millrace/xcom-file";
import { degradeRecords } from "../sources/degrade-records.ts";
import { drawFeed, type FeedRecord, fetchFeed } from "../sources/external-feed.ts";
import { fetchWithRetries } from "../sources/fetch-with-retries.ts";
import { marketRecords } from "../sources/market-data.ts";
import { parseNdjson } from "../sources/ndjson.ts";
import { projectFile, vegaDataFile } from "../sources/project-files.ts";
import { corruptCompressed, corruptFile, damagedParameters, loseFile } from "../sources/simulated-faults.ts";
import { tradingRecords } from "../sources/trading-data.ts";
import { compressXComData } from "../xcom/compression.ts";
import type { IngestedSource } from "../xcom/pipeline-records.ts";
import type { SourcePayload } from "../xcom/source-payload.ts";
import { dataFolder, type PipelineContext, type PipelineServices } from "./pipeline-services.ts";

/** A source that came in, ready to be pushed. */
export interface ReceivedSource {
  readonly payload: SourcePayload;
  readonly format: IngestedSource["format"];
  readonly recordCount: number;
  readonly sizeBytes: number;
}

/** Large: some 25,000 records, far above 1 MB as JSON, so they are streamed to a file and only its record travels. */
export async function ingestMarketData(
  context: PipelineContext,
  { clock }: PipelineServices,
): Promise<ReceivedSource | null> {
  const { market_data: condition, seed } = context.params;
  if (condition === "missing") return null;
  const csv = await readFile(vegaDataFile("sp500-2000.csv"), "utf8");
  const damage = condition === "vanished" ? "good" : condition;
  const records = degradeRecords(marketRecords(csv), damage, "price", seed);
  const { signal } = context;
  const payload = await storeLargeDataset(records, {
    dir: dataFolder(context),
    thresholdMb: 1,
    name: "market_data",
    clock,
    signal,
  });
  if (isFileReference(payload)) {
    if (condition === "corrupt") await corruptFile(payload);
    if (condition === "vanished") await loseFile(payload);
  }
  return { payload, format: "csv", recordCount: payload.record_count, sizeBytes: payload.file_size_bytes };
}

/** Medium: packed with gzip, it fits well into an XCom. */
export async function ingestTradingData(context: PipelineContext): Promise<ReceivedSource | null> {
  const { trading_data: condition, seed } = context.params;
  if (condition === "missing") return null;
  const csv = await readFile(vegaDataFile("stocks.csv"), "utf8");
  const records = [...degradeRecords(tradingRecords(csv), condition, "price", seed)];
  const packed = await compressXComData(records);
  const payload = condition === "corrupt" ? corruptCompressed(packed) : packed;
  return { payload, format: "csv", recordCount: records.length, sizeBytes: packed.compressed_size };
}

/** Small: travels as it is. */
export async function ingestRiskParameters(
  context: PipelineContext,
  { clock }: PipelineServices,
): Promise<ReceivedSource | null> {
  const { risk_parameters: condition } = context.params;
  if (condition === "missing") return null;
  const settings: Readonly<Record<string, unknown>> = JSON.parse(
    await readFile(projectFile("data", "risk-parameters.json"), "utf8"),
  );
  const payload = await storeLargeDataset(damagedParameters(settings, condition), { dir: dataFolder(context), clock });
  return { payload, format: "json", recordCount: payload.record_count, sizeBytes: payload.file_size_bytes };
}

/** The breaker of the feed. Its state belongs to the DAG, so a run knows what the runs before it found out. */
export function feedBreaker(context: PipelineContext, { clock }: PipelineServices): CircuitBreaker {
  const store = taskStateBreakerStore(context.dagState);
  const breaker = circuitBreaker({ name: "external_feeds", failure_threshold: 3, timeout_seconds: 300, store, clock });
  breaker.onTransition(({ from, to, reason }) =>
    context.log.warn("circuit breaker of the external feed", { from, to, reason }),
  );
  return breaker;
}

/**
 * Of any size, and unreliable: asked through the circuit breaker, with retries. A feed that has nothing is no failure.
 *
 * @throws what the last attempt threw, or `BREAKER_OPEN`
 */
export async function ingestExternalFeed(
  context: PipelineContext,
  { clock }: PipelineServices,
  breaker: CircuitBreaker,
  countAttempts: (attempts: number) => void,
): Promise<ReceivedSource | null> {
  const { external_feeds, feed_size, seed } = context.params;
  const drawn = drawFeed(seed);
  const condition = external_feeds === "random" ? drawn.condition : external_feeds;
  const size = feed_size === "random" ? drawn.size : feed_size;
  const request = { condition, size, seed, asOfMs: context.logicalDate.epochMilliseconds };
  const outcome = await fetchWithRetries((signal) => fetchFeed(request, signal), breaker, clock, context.signal);
  countAttempts(outcome.attempts);
  if (outcome.status === "failed") throw outcome.error;
  if (outcome.value === null) return null;
  // As delivered: whether these are records of the feed is for the quality assessment to say.
  const delivered = parseNdjson(outcome.value) as FeedRecord[];
  const damage = condition === "down" ? "good" : condition;
  const records = degradeRecords(delivered, damage, "implied_volatility", seed);
  const { signal } = context;
  const payload = await storeLargeDataset(records, {
    dir: dataFolder(context),
    thresholdMb: 1,
    name: "external_feeds",
    clock,
    signal,
  });
  return { payload, format: "ndjson", recordCount: payload.record_count, sizeBytes: payload.file_size_bytes };
}
