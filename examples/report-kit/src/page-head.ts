import { type HtmlValue, html, SafeHtml } from "./html-text.ts";

/** The beginning of a page that needs nothing else and loads nothing, up to its body. @param style - CSS of our own, used as it is */
export function pageHead(title: HtmlValue, style: string): SafeHtml {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${new SafeHtml(style)}</style>
</head>`;
}
