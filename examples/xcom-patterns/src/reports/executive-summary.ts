import { type SourceName, sourceNames } from "../pipeline-params.ts";
import type {
  ExecutiveSummary,
  KeyFigure,
  QualityReport,
  ReportType,
  RiskResults,
  RiskWarning,
} from "../xcom/pipeline-records.ts";
import { money, percent, ratio, whole, words } from "./number-format.ts";

const list = new Intl.ListFormat("en-GB");

/** The report on one page: a sentence, and the figures that matter. */
export function executiveSummary(facts: {
  readonly type: ReportType;
  readonly results: RiskResults;
  readonly quality: QualityReport;
  readonly warnings: readonly RiskWarning[];
  readonly generatedAt: string;
}): ExecutiveSummary {
  const { type, results, quality } = facts;
  const analysed = sourceNames.filter((source) => source in results);
  return {
    report_type: type,
    headline: headline(type, results, quality),
    key_figures: keyFigures(results, quality),
    overall_quality_score: quality.overall_quality_score,
    sources_analysed: analysed,
    sources_missing: sourceNames.filter((source): source is SourceName => !analysed.includes(source)),
    warnings: facts.warnings.length,
    generated_at: facts.generatedAt,
  };
}

function headline(
  type: ReportType,
  { market_data: market, risk_parameters: limits, trading_data: trading }: RiskResults,
  quality: QualityReport,
): string {
  const low = quality.sources.filter(({ band }) => band === "low").map(({ source }) => words(source).toLowerCase());
  const lacks = low.length === 0 ? "" : ` No use could be made of ${list.format(low)}.`;
  if (type === "error") return `The data does not support a risk report.${lacks}`;
  if (!market) {
    const known = trading ? ` The figures of ${trading.stocks.length} stocks stand on their own.` : "";
    return `Without market data the risk of the index is unknown.${known}${lacks}`;
  }
  const { depth, peak_date, trough_date } = market.max_drawdown;
  const breaches = limits
    ? limits.breaches === 0
      ? "All limits are kept."
      : `${whole(limits.breaches)} of ${whole(limits.checks.length)} limits ${limits.breaches === 1 ? "is" : "are"} exceeded.`
    : "Limits were not checked.";
  return `From ${peak_date} to ${trough_date} the index lost ${percent(depth)}; its volatility over the whole period is ${percent(market.annualised_volatility)} a year. ${breaches}${lacks}`;
}

function keyFigures(
  { market_data: market, risk_parameters: limits, external_feeds: feed }: RiskResults,
  quality: QualityReport,
): KeyFigure[] {
  const figures: KeyFigure[] = [];
  if (market) {
    const tail = market.value_at_risk["0.99"] ?? Object.values(market.value_at_risk)[0];
    figures.push({
      name: "Volatility",
      value: percent(market.annualised_volatility),
      note: "a year, from daily log returns",
    });
    figures.push({
      name: "Value at risk, 99%",
      value: percent(tail.historical, 2),
      note: `one day, historical; ${percent(tail.parametric, 2)} if normal`,
    });
    figures.push({
      name: "Expected shortfall, 99%",
      value: percent(tail.expected_shortfall, 2),
      note: "mean loss of the days beyond",
    });
    const { depth, peak_date, trough_date, recovery_date } = market.max_drawdown;
    figures.push({
      name: "Maximum drawdown",
      value: percent(depth),
      note: `${peak_date} to ${trough_date}, ${recovery_date ? `recovered ${recovery_date}` : "not recovered"}`,
    });
    if ("annualised_return" in market) {
      figures.push({
        name: "Growth",
        value: percent(market.annualised_return),
        note: `a year, ${market.period.from.slice(0, 4)} to ${market.period.to.slice(0, 4)}, without dividends`,
      });
    }
  }
  if (limits?.portfolio_value_at_risk_99) {
    figures.push({
      name: "Portfolio at risk",
      value: money(limits.portfolio_value_at_risk_99, limits.currency),
      note: "lost on a day as bad as the 99% value at risk",
    });
  }
  if (feed)
    figures.push({
      name: "Implied volatility",
      value: percent(feed.median_implied_volatility),
      note: `median of ${whole(feed.record_count)} records (synthetic feed)`,
    });
  figures.push({
    name: "Data quality",
    value: ratio(quality.overall_quality_score),
    note: "mean of the sources, 1 is perfect",
  });
  return figures;
}
