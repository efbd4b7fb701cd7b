import { type HtmlValue, html, pageHead, SafeHtml } from "example-report-kit";
import { resourceChart } from "./charts/resource-chart.ts";
import { spanChart } from "./charts/span-chart.ts";
import { instant, span, whole } from "./number-format.ts";
import { headlineOf } from "./report-headline.ts";
import { reportStyle } from "./report-style.ts";
import type { DagFigures, ResourceUse, StoryReport } from "./story-report.ts";

/** The report as one HTML file that needs nothing else: styles and charts are inside, no script, nothing is loaded. */
export function renderHtmlReport(report: StoryReport): string {
  const { chapters, checks, messages } = report;
  const passed = checks.filter((check) => check.passed).length;
  return html`${pageHead("Catchup and backfill", reportStyle)}
<body>
<header>
<p class="eyebrow">Catchup and backfill</p>
<h1>${headlineOf(report)} ${badge(passed === checks.length ? "good" : "bad", `${passed} of ${checks.length} checks passed`)}</h1>
<p class="about"><span>${instant(report.beganAt)} to ${instant(report.endedAt)} UTC</span><span>${span(report.endedAt - report.beganAt)} in ${report.tookSeconds.toFixed(0)} s</span></p>
</header>
<main>
${cards(report)}
${chapters.map((chapter) => section(chapter.id, chapter.title, chapter.lead, [lines(chapter.lines), chartOf(chapter.id, report)]))}
${section("dags", "What each DAG did", "As it stands at the end: a run that a backfill ran again counts as one of the backfill. Rows are those of all loads together.", dagTable(report.dags))}
${section("skipped", "What was skipped, and why", "Nothing is left out in silence: every task that was skipped says why.", skippedTable(report))}
${section("checks", "Checks", "Every row of the target against the source, reckoned by a way of its own, and every limit against the events.", checkTable(report))}
${section("messages", "Messages", "What the webhook was told, in the time of the story.", html`<ol class="told">${messages.map(({ at, text }) => html`<li><time>${instant(at)}</time> ${text}</li>`)}</ol>`)}
</main>
<footer><p>The shop, its gateway and the partner are made by the example and follow from fixed seeds; only memory and real time differ from run to run.</p></footer>
</body>
</html>
`.markup;
}

function cards({ dags, checks, skipped, messages }: StoryReport): SafeHtml {
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const cells = [
    ["Runs", whole(sum(dags.map(({ runs }) => runs))), `of ${dags.length} DAGs`],
    ["Rows written", whole(sum(dags.map(({ rows }) => rows))), "reruns write none"],
    ["Tasks skipped", whole(sum(skipped.map((one) => one.count))), "each with its reason"],
    ["Messages", whole(messages.length), "to a webhook"],
    ["Checks passed", `${checks.filter(({ passed }) => passed).length} of ${checks.length}`, "row by row"],
  ];
  return html`<dl class="cards" aria-label="Key figures">${cells.map(([name, value, note]) => html`<div class="card"><dt>${name}</dt><dd class="figure">${value}</dd><dd class="note">${note}</dd></div>`)}</dl>`;
}

function chartOf(chapterId: string, report: StoryReport): HtmlValue {
  if (chapterId === "history" && report.catchup.length > 0)
    return figure(
      spanChart("catchup", "Runs of the month", report.catchup),
      "Each bar is the run of a day. Red: rolled back. Grey: nothing was there.",
    );
  if (chapterId === "outage" && report.recovery.length > 0)
    return figure(
      spanChart("recovery", "Runs of the recovery", report.recovery),
      "Each bar is the run of six hours, from its first attempt to its end.",
    );
  if (chapterId === "backfill" && report.resources) return resources(report.resources);
  return undefined;
}

function resources({ title, samples, activeLimit }: ResourceUse): HtmlValue {
  if (samples.length < 2) return undefined;
  const charts = [
    resourceChart(samples, {
      id: "active",
      title: "Active runs",
      of: ({ activeRuns }) => activeRuns,
      format: (value) => String(value),
      limit: { value: activeLimit, label: `limit ${activeLimit}` },
      isStepped: true,
    }),
    resourceChart(samples, {
      id: "memory",
      title: "Memory of the process",
      of: ({ memoryBytes }) => memoryBytes / megabyte,
      format: megabytes,
    }),
    resourceChart(samples, {
      id: "store",
      title: "Millrace's database",
      of: ({ storeBytes }) => storeBytes / megabyte,
      format: megabytes,
    }),
    resourceChart(samples, {
      id: "target",
      title: "Target database",
      of: ({ targetBytes }) => targetBytes / megabyte,
      format: megabytes,
    }),
  ];
  return html`<h3>${title}</h3><div class="charts">${charts.map((chart, place) => html`<figure><figcaption>${["Active runs", "Memory of the process", "Millrace's database", "Target database"][place]}</figcaption>${chart}</figure>`)}</div>`;
}

const megabyte = 1_048_576;

function megabytes(value: number): string {
  return `${value < 10 && !Number.isInteger(value) ? value.toFixed(1) : Math.round(value)} MB`;
}

function dagTable(dags: readonly DagFigures[]): SafeHtml {
  return table(
    ["DAG", "Runs", "Scheduled", "Backfill", "Succeeded", "Failed", "Rows written", "Active at most"],
    dags.map((dag) => [
      html`<th scope="row"><code>${dag.dagId}</code></th>`,
      number(dag.runs),
      number(dag.byType.scheduled ?? 0),
      number(dag.byType.backfill ?? 0),
      number(dag.byState.success ?? 0),
      number(dag.byState.failed ?? 0),
      number(dag.rows),
      html`<td class="number">${dag.mostActive} of ${dag.limit}</td>`,
    ]),
  );
}

function skippedTable({ skipped }: StoryReport): SafeHtml {
  return table(
    ["DAG", "Task", "Why", "Times"],
    skipped.map(({ dagId, what, why, count: times }) => [
      html`<td><code>${dagId}</code></td>`,
      html`<td><code>${what}</code></td>`,
      html`<td class="text">${why}</td>`,
      number(times),
    ]),
  );
}

function checkTable({ checks }: StoryReport): SafeHtml {
  return table(
    ["Check", "Result", ""],
    checks.map(({ name, passed, detail }) => [
      html`<td class="text">${name}</td>`,
      html`<td>${badge(passed ? "good" : "bad", passed ? "passed" : "failed")}</td>`,
      html`<td class="text">${detail}</td>`,
    ]),
  );
}

function table(heads: readonly string[], rows: readonly (readonly SafeHtml[])[]): SafeHtml {
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Table"><table><thead><tr>${heads.map((head, place) => html`<th scope="col"${new SafeHtml(place > 0 && isNumeric(rows, place) ? ' class="number"' : "")}>${head}</th>`)}</tr></thead><tbody>${rows.map((cells) => html`<tr>${cells}</tr>`)}</tbody></table></div>`;
}

function isNumeric(rows: readonly (readonly SafeHtml[])[], place: number): boolean {
  return rows[0]?.[place]?.markup.startsWith('<td class="number"') ?? false;
}

function number(value: number): SafeHtml {
  return html`<td class="number">${whole(value)}</td>`;
}

function badge(kind: "good" | "bad", text: string): SafeHtml {
  return html`<span class="badge ${kind}">${text}</span>`;
}

function lines(texts: readonly string[]): SafeHtml {
  return html`<ul class="lines">${texts.map((text) => html`<li>${text}</li>`)}</ul>`;
}

function figure(chart: SafeHtml, caption: string): SafeHtml {
  return html`<figure><div class="scroll" tabindex="0" role="group" aria-label="Chart">${chart}</div><figcaption>${caption}</figcaption></figure>`;
}

function section(id: string, title: string, lead: string, body: HtmlValue): SafeHtml {
  return html`<section id="${id}" aria-labelledby="${id}-heading"><h2 id="${id}-heading">${title}</h2><p class="lead">${lead}</p>${body}</section>`;
}
