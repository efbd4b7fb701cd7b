import { type HtmlValue, html, type SafeHtml } from "./html-text.ts";

/** The area that a chart draws in, in the units of its view box. */
export interface Plot {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface Axis {
  readonly at: number;
  readonly label: string;
}

/** An image with a name and a description, which screen readers read instead of the shapes. */
export function chartFrame(
  id: string,
  size: { readonly width: number; readonly height: number },
  title: string,
  description: string,
  content: HtmlValue,
): SafeHtml {
  return html`<svg class="${size.width > 800 ? "chart wide" : "chart"}" role="img" aria-labelledby="${id}-title ${id}-desc" viewBox="0 0 ${size.width} ${size.height}" width="${size.width}" height="${size.height}"><title id="${id}-title">${title}</title><desc id="${id}-desc">${description}</desc>${content}</svg>`;
}

/** Horizontal lines with labels to their left. */
export function valueAxis(plot: Plot, ticks: readonly Axis[]): SafeHtml {
  return html`<g class="axis">${ticks.map(({ at, label }) => html`<line x1="${plot.left}" x2="${plot.right}" y1="${px(at)}" y2="${px(at)}"/><text x="${plot.left - 8}" y="${px(at + 4)}" text-anchor="end">${label}</text>`)}</g>`;
}

/** Labels under the plot. */
export function baseAxis(plot: Plot, ticks: readonly Axis[]): SafeHtml {
  return html`<g class="axis"><line class="base" x1="${plot.left}" x2="${plot.right}" y1="${plot.bottom}" y2="${plot.bottom}"/>${ticks.map(({ at, label }) => html`<text x="${px(at)}" y="${plot.bottom + 18}" text-anchor="middle">${label}</text>`)}</g>`;
}

/** A path whose data was computed, not given. */
export function path(className: string, data: string | null): SafeHtml {
  return html`<path class="${className}" d="${data ?? ""}"/>`;
}

export function label(
  at: { readonly x: number; readonly y: number },
  text: string,
  options: { readonly anchor?: "start" | "middle" | "end"; readonly className?: string } = {},
): SafeHtml {
  return html`<text class="${options.className ?? "note"}" x="${px(at.x)}" y="${px(at.y)}" text-anchor="${options.anchor ?? "start"}">${text}</text>`;
}

/** A coordinate with one decimal: enough for a screen, and a third of the bytes. */
export function px(value: number): number {
  return Math.round(value * 10) / 10;
}
