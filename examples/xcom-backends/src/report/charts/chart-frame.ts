import { type HtmlValue, html, type SafeHtml } from "example-report-kit";

/** Where the rows of a chart begin and how high they are, in the units of its view box. */
export const rows = { width: 540, left: 132, right: 458, top: 34, height: 21 } as const;

/** A chart with a row for each backend: an image with a name and a description, which screen readers read instead. */
export function rowChart(
  id: string,
  labels: readonly string[],
  about: { readonly title: string; readonly description: string },
  content: HtmlValue,
): SafeHtml {
  const height = rows.top + labels.length * rows.height + 24;
  return html`<svg class="chart" role="img" aria-labelledby="${id}-t ${id}-d" viewBox="0 0 ${rows.width} ${height}" width="${rows.width}" height="${height}"><title id="${id}-t">${about.title}</title><desc id="${id}-d">${about.description}</desc>${content}${labels.map((label, row) => text({ x: rows.left - 10, y: middleOf(row) + 4 }, label, "row", "end"))}</svg>`;
}

export function middleOf(row: number): number {
  return rows.top + row * rows.height + rows.height / 2;
}

/** Vertical lines with labels under them. */
export function grid(count: number, ticks: readonly { readonly at: number; readonly label: string }[]): SafeHtml {
  const bottom = rows.top + count * rows.height;
  return html`<g class="axis">${ticks.map(({ at, label }) => html`<line x1="${px(at)}" x2="${px(at)}" y1="${rows.top}" y2="${bottom}"/>${text({ x: at, y: bottom + 16 }, label, "note", "middle")}`)}</g>`;
}

export function text(
  at: { readonly x: number; readonly y: number },
  content: string,
  className = "note",
  anchor: "start" | "middle" | "end" = "start",
): SafeHtml {
  return html`<text class="${className}" x="${px(at.x)}" y="${px(at.y)}" text-anchor="${anchor}">${content}</text>`;
}

/** A coordinate with one decimal: enough for a screen. */
export function px(value: number): number {
  return Math.round(value * 10) / 10;
}
