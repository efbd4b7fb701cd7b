import { escapeMarkdown } from "example-report-kit";
import { percent, ratio, symbolName, whole, words } from "./number-format.ts";
import { type ReportContent, titles } from "./report-content.ts";

/** The report as Markdown, for mail, chat and version control. Text from data is escaped. */
export function renderMarkdownReport(content: ReportContent): string {
  const { summary, run } = content;
  const parts = [
    `# ${titles[summary.report_type]}`,
    escapeMarkdown(summary.headline),
    `*${escapeMarkdown(run.dag)}, run ${escapeMarkdown(run.id)}, made ${summary.generated_at}*`,
    "## Key figures",
    table(
      ["Figure", "Value", "Note"],
      summary.key_figures.map(({ name, value, note }) => [name, value, note]),
    ),
    "## Recommendations",
    content.recommendations
      .map(({ priority, action, reason }) => `- **${priority}** ${escapeMarkdown(action)}. ${escapeMarkdown(reason)}.`)
      .join("\n"),
    "## Data quality",
    table(
      ["Source", "Score", "Quality", "Records", "Issues"],
      content.quality.sources.map(({ source, score, band, record_count, issues }) => [
        words(source),
        ratio(score),
        band,
        whole(record_count),
        issues.join("; ") || "none",
      ]),
    ),
    ...stocks(content),
    ...limits(content),
    ...warnings(content),
    ...lineage(content),
    ...performance(content),
  ];
  return `${parts.join("\n\n")}\n`;
}

function stocks({ details }: ReportContent): string[] {
  const trading = details?.results.trading_data;
  if (!trading) return [];
  const optional = (value: number | undefined): string => (value === undefined ? "–" : ratio(value));
  const rows = trading.stocks.map((stock) => [
    stock.symbol,
    whole(stock.months),
    percent(stock.annualised_return),
    percent(stock.annualised_volatility),
    percent(stock.max_drawdown),
    optional(stock.beta),
    optional(stock.correlation),
  ]);
  return [
    "## Stocks",
    table(["Stock", "Months", "Growth a year", "Volatility", "Max. drawdown", "Beta", "Correlation"], rows),
  ];
}

function limits({ details }: ReportContent): string[] {
  const report = details?.results.risk_parameters;
  if (!report || report.checks.length === 0) return [];
  const show = (limit: string, value: number): string => (limit === "beta" ? ratio(value) : percent(value));
  const rows = report.checks.map(({ limit, subject, measured, allowed, is_breached }) => [
    words(limit),
    symbolName(subject),
    show(limit, measured),
    show(limit, allowed),
    is_breached ? "**exceeded**" : "kept",
  ]);
  return ["## Limits", table(["Limit", "Of", "Measured", "Allowed", "State"], rows, 4)];
}

function warnings({ details }: ReportContent): string[] {
  const failed = (details?.failed_analyses ?? []).map(
    ({ analysis, error }) =>
      `- Analysis of ${escapeMarkdown(words(analysis).toLowerCase())} failed: ${escapeMarkdown(error)}`,
  );
  const others = (details?.warnings ?? []).map(
    ({ source, warning }) => `- ${escapeMarkdown(words(source))}: ${escapeMarkdown(warning)}`,
  );
  return failed.length + others.length === 0 ? [] : ["## Warnings and failures", [...failed, ...others].join("\n")];
}

function lineage({ lineage: records }: ReportContent): string[] {
  if (records.length === 0) return [];
  const rows = records.map(({ source_task, data_source, transformation, timestamp }) => [
    source_task,
    data_source,
    transformation,
    timestamp,
  ]);
  return ["## Lineage", table(["Task", "Data", "Transformation", "At"], rows)];
}

function performance({ performance: tasks }: ReportContent): string[] {
  if (tasks.length === 0) return [];
  const rows = tasks.map((stats) => [
    stats.task,
    stats.execution_time_seconds.toFixed(2),
    stats.memory_before_mb.toFixed(1),
    stats.memory_after_mb.toFixed(1),
    stats.peak_memory_mb.toFixed(1),
  ]);
  return ["## Time and memory", table(["Task", "Seconds", "MB before", "MB after", "MB peak"], rows)];
}

/** @param markup - index of a column whose cells are Markdown already */
function table(head: readonly string[], rows: readonly (readonly string[])[], markup = -1): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const body = rows.map((cells) => line(cells.map((cell, i) => (i === markup ? cell : escapeMarkdown(cell)))));
  return [line(head), line(head.map(() => "---")), ...body].join("\n");
}
