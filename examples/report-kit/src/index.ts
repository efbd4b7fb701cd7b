export { baseStyle } from "./base-style.ts";
export { type Axis, baseAxis, chartFrame, label, type Plot, path, px, valueAxis } from "./chart-frame.ts";
export { escapeHtml, escapeMarkdown, type HtmlValue, html, SafeHtml } from "./html-text.ts";
export { pageHead } from "./page-head.ts";
