import { type HtmlValue, html, type SafeHtml } from "example-report-kit";
import { bytes, percent, ratio, symbolName, whole, words } from "./number-format.ts";
import type { ReportContent } from "./report-content.ts";

interface Column<Row> {
  readonly name: string;
  readonly isNumber?: boolean;
  readonly value: (row: Row) => HtmlValue;
}

/** A table whose first column names the row. */
function table<Row>(caption: string, columns: readonly Column<Row>[], rows: readonly Row[]): SafeHtml {
  const numeric = (column: Column<Row>): string => (column.isNumber ? "number" : "text");
  return html`<div class="scroll" tabindex="0" role="group" aria-label="${caption}"><table><caption>${caption}</caption><thead><tr>${columns.map((column) => html`<th scope="col" class="${numeric(column)}">${column.name}</th>`)}</tr></thead><tbody>${rows.map((row) => html`<tr>${columns.map((column, i) => (i === 0 ? html`<th scope="row">${column.value(row)}</th>` : html`<td class="${numeric(column)}">${column.value(row)}</td>`))}</tr>`)}</tbody></table></div>`;
}

export function badge(kind: "good" | "warn" | "bad" | "plain", text: string): SafeHtml {
  return html`<span class="badge ${kind}">${text}</span>`;
}

export function bandBadge(band: "high" | "medium" | "low"): SafeHtml {
  return badge(band === "high" ? "good" : band === "medium" ? "warn" : "bad", band);
}

export function stocksTable({ details }: ReportContent): SafeHtml | undefined {
  const trading = details?.results.trading_data;
  if (!trading) return undefined;
  const optional = (value: number | undefined): string => (value === undefined ? "–" : ratio(value));
  return table(
    trading.benchmark
      ? `Monthly prices; beta and correlation against the month-ends of the S&P 500`
      : "Monthly prices; no index to compare with",
    [
      { name: "Stock", value: ({ symbol }) => symbol },
      { name: "Months", isNumber: true, value: ({ months }) => whole(months) },
      { name: "From", isNumber: true, value: ({ from }) => from.slice(0, 7) },
      { name: "To", isNumber: true, value: ({ to }) => to.slice(0, 7) },
      { name: "Growth a year", isNumber: true, value: (stock) => percent(stock.annualised_return) },
      { name: "Volatility", isNumber: true, value: (stock) => percent(stock.annualised_volatility) },
      { name: "Max. drawdown", isNumber: true, value: (stock) => percent(stock.max_drawdown) },
      { name: "Beta", isNumber: true, value: ({ beta }) => optional(beta) },
      { name: "Correlation", isNumber: true, value: ({ correlation }) => optional(correlation) },
    ],
    trading.stocks,
  );
}

export function limitsTable({ details }: ReportContent): SafeHtml | undefined {
  const limits = details?.results.risk_parameters;
  if (!limits || limits.checks.length === 0) return undefined;
  const show = (limit: string, value: number): string => (limit === "beta" ? ratio(value) : percent(value));
  return table(
    `${whole(limits.breaches)} of ${whole(limits.checks.length)} limits exceeded`,
    [
      { name: "Limit", value: ({ limit }) => words(limit) },
      { name: "Of", value: ({ subject }) => symbolName(subject) },
      { name: "Measured", isNumber: true, value: ({ limit, measured }) => show(limit, measured) },
      { name: "Allowed", isNumber: true, value: ({ limit, allowed }) => show(limit, allowed) },
      {
        name: "State",
        isNumber: true,
        value: ({ is_breached }) => (is_breached ? badge("bad", "exceeded") : badge("good", "kept")),
      },
    ],
    limits.checks,
  );
}

export function feedTable({ details }: ReportContent): SafeHtml | undefined {
  const feed = details?.results.external_feeds;
  if (!feed) return undefined;
  const rows = [...(feed.signals ?? []), { ...feed, symbol: "all symbols" }];
  return table(
    "Synthetic feed: made up from the run's seed",
    [
      { name: "Symbol", value: ({ symbol }) => symbolName(symbol) },
      { name: "Records", isNumber: true, value: ({ record_count }) => whole(record_count) },
      { name: "Sentiment, mean", isNumber: true, value: ({ mean_sentiment }) => ratio(mean_sentiment) },
      {
        name: "Implied volatility, median",
        isNumber: true,
        value: (signal) => percent(signal.median_implied_volatility),
      },
    ],
    rows,
  );
}

export function tailTable({ details }: ReportContent): SafeHtml | undefined {
  const market = details?.results.market_data;
  if (!market) return undefined;
  return table(
    "Loss in one day, as share (log return)",
    [
      { name: "Confidence", value: ([level]) => percent(Number(level), 0) },
      { name: "Historical", isNumber: true, value: ([, tail]) => percent(tail.historical, 2) },
      { name: "If normal", isNumber: true, value: ([, tail]) => percent(tail.parametric, 2) },
      { name: "Expected shortfall", isNumber: true, value: ([, tail]) => percent(tail.expected_shortfall, 2) },
    ],
    Object.entries(market.value_at_risk).sort(([a], [b]) => Number(a) - Number(b)),
  );
}

export function extremesTable({ details }: ReportContent): SafeHtml | undefined {
  const market = details?.results.market_data;
  if (!market || !("worst_day" in market)) return undefined;
  const { worst_day, best_day, skewness, excess_kurtosis } = market;
  return table(
    "How far from normal the days are",
    [
      { name: "Figure", value: ([name]) => name },
      { name: "Value", isNumber: true, value: ([, value]) => value },
      { name: "Note", isNumber: true, value: ([, , note]) => note },
    ],
    [
      ["Worst day", percent(worst_day.return, 2), worst_day.date],
      ["Best day", percent(best_day.return, 2), best_day.date],
      ["Skewness, excess kurtosis", `${ratio(skewness)}, ${ratio(excess_kurtosis)}`, "both 0 if normal"],
    ],
  );
}

export function qualityTable({ quality, ingestion }: ReportContent): SafeHtml {
  return table(
    `Overall score ${ratio(quality.overall_quality_score)}`,
    [
      { name: "Source", value: ({ source }) => words(source) },
      { name: "Came as", value: ({ source }) => storage(ingestion?.sources[source]) },
      { name: "Records", isNumber: true, value: ({ record_count }) => whole(record_count) },
      { name: "Quality", value: ({ band }) => bandBadge(band) },
      { name: "Issues", value: ({ issues }) => (issues.length === 0 ? "none" : issues.join("; ")) },
    ],
    quality.sources,
  );
}

function storage(
  source: { readonly format: string; readonly storage: string; readonly size_bytes: number } | undefined,
): string {
  return source
    ? `${source.format.toUpperCase()}, ${source.storage.replace("_", " ")}, ${bytes(source.size_bytes)}`
    : "not delivered";
}

export function lineageTable({ lineage }: ReportContent): SafeHtml | undefined {
  if (lineage.length === 0) return undefined;
  return table(
    "What was done with which data, in order",
    [
      { name: "Task", value: ({ source_task }) => source_task },
      { name: "Data", value: ({ data_source }) => words(data_source) },
      { name: "Transformation", value: ({ transformation }) => transformation },
      { name: "At", isNumber: true, value: ({ timestamp }) => timestamp },
    ],
    lineage,
  );
}

export function performanceTable({ performance }: ReportContent): SafeHtml | undefined {
  if (performance.length === 0) return undefined;
  return table(
    "Memory is that of the whole process, in MB",
    [
      { name: "Task", value: ({ task }) => task },
      { name: "Seconds", isNumber: true, value: (stats) => stats.execution_time_seconds.toFixed(2) },
      { name: "Before", isNumber: true, value: (stats) => stats.memory_before_mb.toFixed(1) },
      { name: "After", isNumber: true, value: (stats) => stats.memory_after_mb.toFixed(1) },
      { name: "Peak", isNumber: true, value: (stats) => stats.peak_memory_mb.toFixed(1) },
    ],
    performance,
  );
}
