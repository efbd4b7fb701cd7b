import type { CircuitBreaker } from "@millrace/resilience";
import { type SourceName, sourceNames } from "../pipeline-params.ts";
import { monthEnds, type PricePoint } from "../risk/price-series.ts";
import { timestamp } from "../timestamp.ts";
import type { FailedSource, IngestedSource, IngestionMetadata } from "../xcom/pipeline-records.ts";
import { recordsOf, type SourcePayload, storageOf } from "../xcom/source-payload.ts";
import { closesOf } from "./closes-of.ts";
import { noteFile, removeFilesOfEarlierAttempts } from "./files-of-attempts.ts";
import {
  feedBreaker,
  ingestExternalFeed,
  ingestMarketData,
  ingestRiskParameters,
  ingestTradingData,
  type ReceivedSource,
} from "./ingest-sources.ts";
import { dataFolder, describeError, type PipelineContext, type PipelineServices } from "./pipeline-services.ts";

/** What `ingest_data` returns: what came in and under which keys. */
export interface IngestionSummary {
  readonly keys_pushed: readonly string[];
  readonly total_items: number;
  readonly push_timestamp: string;
  readonly sources_ingested: readonly SourceName[];
  readonly sources_failed: readonly SourceName[];
  readonly total_records: number;
}

/**
 * Takes in the four sources, each by the way that fits its size, and pushes each under `data_source_{name}`. A source
 * that fails is recorded and leaves no key; the others come in all the same.
 */
export function ingestData(services: PipelineServices) {
  return async (context: PipelineContext): Promise<IngestionSummary> => {
    const { xcom } = context;
    await removeFilesOfEarlierAttempts(context);
    const breaker = feedBreaker(context, services);
    const { received, failed, attempts } = await receiveSources(context, services, breaker);
    if (context.params.interrupted && context.attempt === 1)
      throw new Error("simulated interruption of the first attempt");

    const payloads = Object.fromEntries(Object.entries(received).map(([source, { payload }]) => [source, payload]));
    const pushed = await xcom.pushAll("data_source", payloads);
    for (const [source, { format, payload }] of Object.entries(received)) {
      await context.lineage(source, `ingested from ${format}, kept as ${storageOf(payload)}`);
    }
    const temporaryKey = await pushMonthEnds(context, received.market_data?.payload);
    const metadata: IngestionMetadata = {
      ...pushed,
      sources: Object.fromEntries(Object.entries(received).map(([source, found]) => [source, describe(source, found)])),
      failed_sources: failed,
      temporary_keys: temporaryKey === undefined ? {} : { benchmark_month_ends: temporaryKey },
      circuit_breaker: { state: breaker.state, failure_count: breaker.failure_count, attempts },
      ingested_at: timestamp(services.clock),
    };
    await xcom.push("ingestion_metadata", metadata);
    return {
      ...pushed,
      sources_ingested: Object.keys(received) as SourceName[],
      sources_failed: failed.map(({ source }) => source),
      total_records: Object.values(received).reduce((total, { recordCount }) => total + recordCount, 0),
    };
  };
}

interface Reception {
  readonly received: Partial<Record<SourceName, ReceivedSource>>;
  readonly failed: readonly FailedSource[];
  /** How often the external feed was asked. */
  readonly attempts: number;
}

async function receiveSources(
  context: PipelineContext,
  services: PipelineServices,
  breaker: CircuitBreaker,
): Promise<Reception> {
  let attempts = 0;
  const receivers: Record<SourceName, () => Promise<ReceivedSource | null>> = {
    market_data: () => ingestMarketData(context, services),
    trading_data: () => ingestTradingData(context),
    risk_parameters: () => ingestRiskParameters(context, services),
    external_feeds: () =>
      ingestExternalFeed(context, services, breaker, (count) => {
        attempts = count;
      }),
  };
  const received: Partial<Record<SourceName, ReceivedSource>> = {};
  const failed: FailedSource[] = [];
  for (const source of sourceNames) {
    try {
      const found = await receivers[source]();
      if (found) {
        received[source] = found;
        await noteFile(context, found.payload);
      } else failed.push({ source, error: "the source had nothing to deliver", code: "NO_DATA" });
    } catch (error) {
      context.signal.throwIfAborted();
      failed.push({ source, ...describeError(error) });
    }
  }
  for (const { source, error, code } of failed) context.log.warn(`${source} is not available`, { error, code });
  return { received, failed, attempts };
}

/**
 * The index at the end of each month, for comparison with monthly stock prices: needed only inside this run, so it
 * stands under a key that nothing else can have taken, and is cleared at the end.
 */
async function pushMonthEnds(context: PipelineContext, market: SourcePayload | undefined): Promise<string | undefined> {
  if (!market) return undefined;
  let closes: PricePoint[];
  try {
    closes = await closesOf(recordsOf(market, dataFolder(context), context.signal));
  } catch (error) {
    context.signal.throwIfAborted();
    context.log.warn("no month-ends of the index: the market data cannot be read back", { ...describeError(error) });
    return undefined;
  }
  const key = context.xcom.uniqueKey("benchmark_month_ends");
  await context.xcom.push(key, monthEnds(closes));
  await context.lineage("market_data", "reduced to month-ends of the index");
  return key;
}

function describe(source: string, { payload, format, recordCount, sizeBytes }: ReceivedSource): IngestedSource {
  return {
    key: `data_source_${source}`,
    format,
    storage: storageOf(payload),
    record_count: recordCount,
    size_bytes: sizeBytes,
  };
}
