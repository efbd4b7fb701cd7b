/** The look of the report: one file, no web fonts, light and dark by the reader's setting, fit for print. */
export const reportStyle = `
:root {
  color-scheme: light dark;
  --page: #f4f6f9; --surface: #ffffff; --ink: #151b26; --soft: #566072; --line: #e1e6ee; --grid: #e9edf3;
  --accent: #2457d6; --second: #a35200; --second-soft: #d9770638; --good: #0a6440; --good-soft: #12784f1a; --track: #eceff4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0d1117; --surface: #161c26; --ink: #e8edf5; --soft: #9ba7b8; --line: #2a3341; --grid: #232b38;
    --accent: #82a8ff; --second: #f0b060; --second-soft: #f0b06038; --good: #58cf98; --good-soft: #58cf9821; --track: #222a36;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.55 Inter, "Segoe UI", system-ui, -apple-system, "Helvetica Neue", Arial, sans-serif; -webkit-font-smoothing: antialiased; }
main, header, footer { max-width: 1144px; margin: 0 auto; padding: 0 16px; }
header { padding-top: 40px; }
.eyebrow { margin: 0 0 6px; color: var(--soft); font-size: 13px; letter-spacing: .06em; text-transform: uppercase; }
h1 { margin: 0 0 10px; font-size: 32px; line-height: 1.2; letter-spacing: -.02em; }
h2 { margin: 0 0 4px; font-size: 18px; letter-spacing: -.01em; }
p { margin: 0 0 10px; }
.headline { max-width: 860px; font-size: 18px; line-height: 1.5; }
.about, .lead, .legend, footer { color: var(--soft); font-size: 13.5px; }
.about span + span::before { content: "·"; margin: 0 8px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 200px), 1fr)); gap: 12px; margin: 20px 0 16px; padding: 0; }
.card { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; }
.card dt { color: var(--soft); font-size: 13px; }
.card dd { margin: 0; }
.card .figure { font-size: 24px; font-weight: 640; letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
.card .note { color: var(--soft); font-size: 12.5px; line-height: 1.4; }
section { background: var(--surface); border: 1px solid var(--line); border-radius: 12px; padding: 20px 22px; margin: 0 0 16px; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 10px 28px; margin-top: 8px; }
figure { margin: 0; }
.scroll { overflow-x: auto; }
svg.chart { display: block; width: 100%; height: auto; max-width: 600px; font: 12px Inter, "Segoe UI", system-ui, sans-serif; font-variant-numeric: tabular-nums; }
.axis line { stroke: var(--grid); } .axis text, .note { fill: var(--soft); }
svg .row, svg .value, svg .title { fill: var(--ink); } svg .title { font-weight: 640; font-size: 13px; }
svg .value { paint-order: stroke; stroke: var(--surface); stroke-width: 4px; stroke-linejoin: round; }
.in-row { fill: var(--accent); } .outside { fill: var(--second-soft); stroke: var(--second); } .whole { stroke: var(--soft); stroke-dasharray: 3 3; }
.span { stroke: var(--line); stroke-width: 3; } .write { fill: var(--accent); } .read { fill: var(--surface); stroke: var(--second); stroke-width: 2.5; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 22px; margin: 6px 0 0; padding: 0; list-style: none; }
.legend svg { width: 18px; height: 12px; vertical-align: -1px; margin-right: 6px; }
table { width: 100%; border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); font-size: 13px; padding-bottom: 4px; }
th { text-align: left; color: var(--soft); font-weight: 560; font-size: 13px; white-space: nowrap; }
th, td { padding: 6px 14px 6px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody tr:last-child > * { border-bottom: 0; }
tbody th { color: var(--ink); font-size: 14px; }
.number { text-align: right; white-space: nowrap; }
code { font: 12.5px ui-monospace, "SF Mono", Menlo, Consolas, monospace; background: var(--track); border-radius: 4px; padding: 1px 5px; white-space: nowrap; }
.badge { display: inline-block; padding: 1px 9px; border-radius: 99px; font-size: 12.5px; font-weight: 600; white-space: nowrap; background: var(--good-soft); color: var(--good); }
td.text { min-width: 180px; overflow-wrap: anywhere; }
details summary { cursor: pointer; font-weight: 600; font-size: 15px; }
details[open] summary { margin-bottom: 10px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 4px; }
footer { padding-top: 8px; padding-bottom: 48px; }
@media (max-width: 640px) { h1 { font-size: 27px; } section { padding: 16px; } }
@media print { body { background: #fff; } section, .card, figure { break-inside: avoid; } }
`;
