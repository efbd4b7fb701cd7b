import { type HtmlValue, html, pageHead, type SafeHtml } from "example-report-kit";
import { priceChart } from "./charts/price-chart.ts";
import { qualityBars } from "./charts/quality-bars.ts";
import { returnHistogram } from "./charts/return-histogram.ts";
import { volatilityChart } from "./charts/volatility-chart.ts";
import {
  badge,
  extremesTable,
  feedTable,
  limitsTable,
  lineageTable,
  performanceTable,
  qualityTable,
  stocksTable,
  tailTable,
} from "./html-tables.ts";
import { words } from "./number-format.ts";
import { type ReportContent, titles } from "./report-content.ts";
import { reportStyle } from "./report-style.ts";

/** The report as one HTML file that needs nothing else: styles and charts are inside, no script, nothing is loaded. */
export function renderHtmlReport(content: ReportContent): string {
  const { summary, run } = content;
  const title = titles[summary.report_type];
  const page = html`${pageHead(html`${title} · ${run.id}`, reportStyle)}
<body>
<header>
<p class="eyebrow">Financial analytics</p>
<h1>${title} ${reportBadge(content)}</h1>
<p class="headline">${summary.headline}</p>
<p class="about"><span>${run.dag}</span><span>run ${run.id}</span><span>made ${summary.generated_at}</span></p>
</header>
<main>
${cards(content)}
${marketSections(content)}
${section("recommendations", "Recommendations", "What to do, most urgent first.", actions(content))}
${section("quality", "Data quality", "Share of records that are complete, valid and not repeated, and how each source came in.", html`<div class="narrow">${figure(qualityBars(content.quality))}</div>${qualityTable(content)}`)}
${section("stocks", "Stocks", "Risk of single stocks, and how they move with the index.", stocksTable(content))}
${section("limits", "Limits", "What was measured against what is allowed.", limitsTable(content))}
${section("feed", "News and options", "What the external feed says.", feedTable(content))}
${section("warnings", "Warnings and failures", "What to keep in mind when reading the figures.", warnings(content))}
${folded("Lineage", lineageTable(content))}
${folded("Time and memory", performanceTable(content))}
</main>
<footer><p>S&amp;P 500 and stock prices: npm package vega-datasets. Prices of the index are without dividends; past losses do not bound future ones.</p></footer>
</body>
</html>
`;
  return page.markup;
}

function reportBadge({ summary }: ReportContent): SafeHtml {
  if (summary.report_type === "full") return badge("good", "full");
  return summary.report_type === "summary" ? badge("warn", "summary") : badge("bad", "error");
}

function cards({ summary }: ReportContent): SafeHtml {
  return html`<dl class="cards" aria-label="Key figures">${summary.key_figures.map(({ name, value, note }) => html`<div class="card"><dt>${name}</dt><dd class="figure">${value}</dd><dd class="note">${note}</dd></div>`)}</dl>`;
}

function marketSections(content: ReportContent): SafeHtml | undefined {
  const { charts, details } = content;
  const market = details?.results.market_data;
  if (!market || !charts) return undefined;
  const mean = "mean_daily_return" in market ? market.mean_daily_return : 0;
  const deviation = market.annualised_volatility / Math.sqrt(252);
  const limit = details.results.risk_parameters?.checks.find(
    (check) => check.limit === "annualised_volatility",
  )?.allowed;
  return html`${section("market", "S&P 500", `${market.period.trading_days.toLocaleString("en-US")} trading days, ${market.period.from} to ${market.period.to}. The shaded stretch is the deepest fall.`, figure(priceChart(charts.price, market.max_drawdown)))}
<div class="pair">
${section("tails", "Daily returns", "Red lines: historical value at risk. Dashed: what a normal distribution would say.", [figure(returnHistogram(charts.daily_returns, market.value_at_risk, { mean, deviation })), tailTable(content)])}
${section("volatility", "Volatility", "Over the last 63 trading days, scaled to a year.", [figure(volatilityChart(charts.rolling_volatility, market.annualised_volatility, limit)), extremesTable(content)])}
</div>`;
}

function actions({ recommendations }: ReportContent): SafeHtml {
  const kind = { high: "bad", medium: "warn", low: "good" } as const;
  return html`<ol class="actions">${recommendations.map(({ priority, action, reason }) => html`<li><div>${badge(kind[priority], priority)}</div><div><strong>${action}</strong><p>${reason}</p></div></li>`)}</ol>`;
}

function warnings({ details }: ReportContent): SafeHtml | undefined {
  const failed = details?.failed_analyses ?? [];
  const others = details?.warnings ?? [];
  if (failed.length + others.length === 0) return undefined;
  const kindOf = (source: string): SafeHtml => badge("plain", words(source));
  return html`<ol class="actions">${failed.map(({ analysis, error }) => html`<li><div>${badge("bad", "failed")}</div><div><strong>Analysis of ${words(analysis).toLowerCase()}</strong><p>${error}</p></div></li>`)}${others.map(({ source, warning }) => html`<li><div>${badge("warn", "warning")}</div><div>${kindOf(source)}<p>${warning}</p></div></li>`)}</ol>`;
}

function figure(chart: SafeHtml): SafeHtml {
  return html`<figure><div class="scroll" tabindex="0" role="group" aria-label="Chart">${chart}</div></figure>`;
}

/** Nothing when there is nothing to show. */
function section(id: string, title: string, lead: string, body: HtmlValue): SafeHtml | undefined {
  if (body === undefined) return undefined;
  return html`<section id="${id}" aria-labelledby="${id}-heading"><h2 id="${id}-heading">${title}</h2><p class="lead">${lead}</p>${body}</section>`;
}

function folded(title: string, body: SafeHtml | undefined): SafeHtml | undefined {
  return body && html`<section><details><summary>${title}</summary>${body}</details></section>`;
}
