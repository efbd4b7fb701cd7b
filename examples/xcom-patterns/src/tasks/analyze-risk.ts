import { loadDataset } from "@millrace/xcom-file";
import { type SourceName, sourceNames } from "../pipeline-params.ts";
import { analyzeFeed } from "../risk/analyze-feed.ts";
import { analyzeMarket, type ChartSeries, chartSeries, type Strategy } from "../risk/analyze-market.ts";
import { analyzeTrading } from "../risk/analyze-trading.ts";
import { checkLimits } from "../risk/check-limits.ts";
import type { PricePoint } from "../risk/price-series.ts";
import { parseRiskParameters, type RiskParameters } from "../risk/risk-parameters.ts";
import { timestamp } from "../timestamp.ts";
import type {
  AnalysisMetadata,
  FailedAnalysis,
  IngestionMetadata,
  RiskResults,
  RiskWarning,
} from "../xcom/pipeline-records.ts";
import { pullKnown } from "../xcom/pull-known.ts";
import { recordsOf, type SourcePayload } from "../xcom/source-payload.ts";
import { closesOf } from "./closes-of.ts";
import { dataFolder, describeError, type PipelineContext, type PipelineServices } from "./pipeline-services.ts";

/** Market data first, since the others are compared with it; limits last, since they look at all results. */
const order: readonly SourceName[] = ["market_data", "trading_data", "external_feeds", "risk_parameters"];

/**
 * Analyses what the quality allows: fully with high quality, the basics (and a warning) with medium, not at all with
 * low. An analysis that fails is recorded in `failed_analyses`, and the others go on.
 */
export function analyzeRisk({ clock }: PipelineServices) {
  return async (
    context: PipelineContext,
  ): Promise<{
    readonly analysed: readonly SourceName[];
    readonly failed: readonly SourceName[];
    readonly warnings: number;
  }> => {
    const started = clock.now();
    const startedAt = timestamp(clock);
    const strategies = await chooseStrategies(context);
    const analysis = new Analysis(context, await loadParameters(context, strategies));
    for (const source of order) await analysis.run(source, strategies[source]);
    await analysis.warnOfQuality(strategies);

    const { xcom } = context;
    const chartKey = analysis.charts && xcom.uniqueKey("chart_series");
    if (chartKey) await xcom.push(chartKey, analysis.charts);
    const count = (strategy: Strategy | "skipped"): number =>
      sourceNames.filter((source) => strategies[source] === strategy).length;
    const metadata: AnalysisMetadata = {
      started_at: startedAt,
      completed_at: timestamp(clock),
      execution_time_seconds: (clock.now() - started) / 1_000,
      analyses_attempted: count("full") + count("basic"),
      analyses_succeeded: Object.keys(analysis.results).length,
      analyses_failed: analysis.failed.length,
      analyses_skipped: count("skipped"),
      strategies,
      records_processed: analysis.recordsProcessed,
      temporary_keys: chartKey ? { chart_series: chartKey } : {},
    };
    await xcom.push("risk_analysis_results", analysis.results);
    await xcom.push("risk_warnings", analysis.warnings);
    await xcom.push("analysis_metadata", metadata);
    await xcom.push("failed_analyses", analysis.failed);
    return {
      analysed: Object.keys(analysis.results) as SourceName[],
      failed: analysis.failed.map(({ analysis: source }) => source),
      warnings: analysis.warnings.length,
    };
  };
}

async function chooseStrategies(context: PipelineContext): Promise<Record<SourceName, Strategy | "skipped">> {
  const high = (await pullKnown(context, "assess_quality", "high_quality_data")) ?? {};
  const medium = (await pullKnown(context, "assess_quality", "medium_quality_data")) ?? {};
  const chosen = sourceNames.map((source) => [
    source,
    source in high ? "full" : source in medium ? "basic" : "skipped",
  ]);
  return Object.fromEntries(chosen) as Record<SourceName, Strategy | "skipped">;
}

/** What the parameters say, or the defaults when they are of no use. */
async function loadParameters(
  context: PipelineContext,
  strategies: Readonly<Record<SourceName, Strategy | "skipped">>,
): Promise<RiskParameters> {
  if (strategies.risk_parameters === "skipped") return parseRiskParameters(undefined);
  const payload = await context.xcom.pull({ task: "ingest_data", key: "data_source_risk_parameters" });
  return parseRiskParameters(await loadDataset(payload, { dir: dataFolder(context) }));
}

/** The analyses of one run and what came of them. */
class Analysis {
  readonly results: { -readonly [K in keyof RiskResults]: RiskResults[K] } = {};
  readonly warnings: RiskWarning[] = [];
  readonly failed: FailedAnalysis[] = [];
  charts: ChartSeries | undefined;
  recordsProcessed = 0;
  readonly #context: PipelineContext;
  readonly #parameters: RiskParameters;

  constructor(context: PipelineContext, parameters: RiskParameters) {
    this.#context = context;
    this.#parameters = parameters;
  }

  async run(source: SourceName, strategy: Strategy | "skipped"): Promise<void> {
    const { params, signal, log } = this.#context;
    if (strategy === "skipped") return;
    try {
      if (params.failing_analyses.includes(source)) throw new Error("simulated failure of this analysis");
      await this.#analyses[source](strategy);
      await this.#context.lineage(source, `analysed: ${strategy}`);
    } catch (error) {
      signal.throwIfAborted();
      const described = describeError(error);
      log.error(`analysis of ${source} failed, the others go on`, { ...described });
      this.failed.push({ analysis: source, ...described });
    }
  }

  /** Says of every source that was not analysed fully why not, and logs what is wrong with it. */
  async warnOfQuality(strategies: Readonly<Record<SourceName, Strategy | "skipped">>): Promise<void> {
    const assessment = await pullKnown(this.#context, "assess_quality", "quality_assessment");
    for (const source of sourceNames) {
      if (strategies[source] === "full") continue;
      const issues = assessment?.[source].issues.join("; ") ?? "not assessed";
      const what =
        strategies[source] === "basic"
          ? "medium quality, only the basic analysis was made"
          : "low quality, not analysed";
      this.#warn(source, `${what}: ${issues}`);
    }
  }

  readonly #analyses: Readonly<Record<SourceName, (strategy: Strategy) => Promise<void>>> = {
    market_data: async (strategy) => {
      const closes = await closesOf(this.#chunks("market_data"));
      this.results.market_data = analyzeMarket(closes, this.#parameters, strategy);
      this.charts = chartSeries(closes, this.#parameters, strategy);
    },
    trading_data: async (strategy) => {
      const records = await this.#all("trading_data");
      const index = await this.#monthEnds();
      if (!index) this.#warn("trading_data", "no index to compare with, so no beta and no correlation");
      this.results.trading_data = analyzeTrading(records, index, this.#parameters, strategy);
    },
    external_feeds: async (strategy) => {
      this.results.external_feeds = analyzeFeed(await this.#all("external_feeds"), strategy);
    },
    risk_parameters: async () => {
      const { market_data: market, trading_data: trading, external_feeds: feed } = this.results;
      const report = checkLimits(this.#parameters, { market, trading, feed });
      this.results.risk_parameters = report;
      for (const { limit, subject, allowed, measured, is_breached } of report.checks) {
        if (is_breached)
          this.#warn(
            "risk_parameters",
            `${subject}: ${limit.replaceAll("_", " ")} is ${measured.toFixed(3)}, above the limit of ${allowed}`,
          );
      }
    },
  };

  async *#chunks(source: SourceName): AsyncGenerator<unknown[]> {
    const payload = (await this.#context.xcom.pull({
      task: "ingest_data",
      key: `data_source_${source}`,
    })) as SourcePayload;
    for await (const chunk of recordsOf(payload, dataFolder(this.#context), this.#context.signal)) {
      this.recordsProcessed += chunk.length;
      yield chunk;
    }
  }

  async #all(source: SourceName): Promise<object[]> {
    const records: object[] = [];
    for await (const chunk of this.#chunks(source)) records.push(...(chunk as object[]));
    return records;
  }

  /** Under the unique key that the ingestion chose. */
  async #monthEnds(): Promise<PricePoint[] | undefined> {
    const metadata: IngestionMetadata | undefined = await pullKnown(this.#context, "ingest_data", "ingestion_metadata");
    const key = metadata?.temporary_keys.benchmark_month_ends;
    return key === undefined
      ? undefined
      : ((await this.#context.xcom.pull({ task: "ingest_data", key })) as PricePoint[] | undefined);
  }

  #warn(source: SourceName, warning: string): void {
    this.#context.log.warn(warning, { source });
    this.warnings.push({ source, warning });
  }
}
