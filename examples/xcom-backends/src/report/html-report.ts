import { type HtmlValue, html, pageHead, type SafeHtml } from "example-report-kit";
import { sizeChart } from "./charts/size-chart.ts";
import { timeChart } from "./charts/time-chart.ts";
import { bySize, type Comparison, largestOfEachKind } from "./comparison.ts";
import { findings, headline } from "./findings.ts";
import { reportStyle } from "./report-style.ts";
import { allTable, choiceTable, faultTable, sizeTable, type TextTable, timeTable } from "./tables.ts";

const title = "XCom backends compared";

/** The report as one HTML file that needs nothing else: styles and charts are inside, no script, nothing is loaded. */
export function renderHtmlReport(comparison: Comparison): string {
  const { run, made_at, machine } = comparison;
  return html`${pageHead(html`${title} · ${run.id}`, reportStyle)}
<body>
<header>
<p class="eyebrow">Millrace</p>
<h1>${title}</h1>
<p class="headline">${headline(comparison)}</p>
<p class="about"><span>${run.dag}</span><span>run ${run.id}</span><span>made ${made_at}</span><span>${machine}</span></p>
</header>
<main>
<dl class="cards" aria-label="Findings">${findings(comparison).map(({ name, figure, note }) => html`<div class="card"><dt>${name}</dt><dd class="figure">${figure}</dd><dd class="note">${note}</dd></div>`)}</dl>
${section(
  "size",
  "What is kept",
  "The largest value of each kind. 100 % is its JSON text, which is what is kept without a backend.",
  [
    legend([
      [html`<rect class="in-row" x="1" y="1" width="16" height="10"/>`, "in the store's row"],
      [html`<rect class="outside" x="1" y="1" width="16" height="10"/>`, "outside: file or object"],
    ]),
    charts(largestOfEachKind(comparison).map(({ kind, sizeBytes, of }) => sizeChart(kind, sizeBytes, of))),
    folded("As a table", table(sizeTable(comparison))),
  ],
)}
${section(
  "time",
  "How long it takes",
  "Records from a small configuration to a large data set. The scale is logarithmic; the figure at the right is both together. Only the backend is measured: the row itself is not written to a store.",
  [
    legend([
      [html`<circle class="write" cx="9" cy="6" r="5"/>`, "written"],
      [html`<circle class="read" cx="9" cy="6" r="4.5"/>`, "read"],
    ]),
    charts(bySize(comparison).map(({ sizeBytes, of }) => timeChart(sizeBytes, of))),
    folded("As tables", [table(timeTable(comparison, "serialize_ms")), table(timeTable(comparison, "deserialize_ms"))]),
  ],
)}
${section("choices", "What hybrid chose", "It looks at size, at words that tell sensitive data, and at how well a sample compresses. In long random bytes the shorter words occur by chance.", table(choiceTable(comparison)))}
${section("faults", "What can go wrong", "A value that cannot be read back is an error with a code, never another value.", table(faultTable(comparison)))}
<section aria-label="Every measurement">${folded("Every measurement", table(allTable(comparison)))}</section>
</main>
<footer><p>Medians of at least three rounds (of one above 4 MB) in one process, one backend at a time; what the first round gave back is compared with what was written. Files are flushed to the disk before a write counts as done. The bucket, where there is one, is as near as the run was told.</p></footer>
</body>
</html>
`.markup;
}

function section(id: string, heading: string, lead: string, content: HtmlValue): SafeHtml {
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${heading}</h2><p class="lead">${lead}</p>${content}</section>`;
}

function legend(entries: readonly (readonly [mark: SafeHtml, words: string])[]): SafeHtml {
  return html`<ul class="legend">${entries.map(([mark, words]) => html`<li><svg viewBox="0 0 18 12" aria-hidden="true">${mark}</svg>${words}</li>`)}</ul>`;
}

function charts(all: readonly SafeHtml[]): SafeHtml {
  return html`<div class="charts">${all.map((chart) => html`<figure>${chart}</figure>`)}</div>`;
}

function folded(summary: string, content: HtmlValue): SafeHtml {
  return html`<details><summary>${summary}</summary>${content}</details>`;
}

function table({ caption, head, rows, numbersFrom = 1 }: TextTable): SafeHtml {
  const classOf = (column: number): string => (column >= numbersFrom ? "number" : "text");
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table><caption>${caption}</caption><thead><tr>${head.map((name, column) => html`<th scope="col" class="${classOf(column)}">${name}</th>`)}</tr></thead><tbody>${rows.map(
    ([name, ...cells]) =>
      html`<tr><th scope="row">${name}</th>${cells.map((cell, column) => html`<td class="${classOf(column + 1)}">${/^[A-Z0-9]+(_[A-Z0-9]+)+$/.test(cell) ? html`<code>${cell}</code>` : cell}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}
