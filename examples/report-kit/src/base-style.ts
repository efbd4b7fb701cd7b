/** How reports look: one file, no web fonts, light and dark by the reader's setting, fit for print. Each adds what only it has. */
export const baseStyle = `
:root {
  color-scheme: light dark;
  --page: #f4f6f9; --surface: #ffffff; --ink: #151b26; --soft: #566072; --line: #e1e6ee; --grid: #e9edf3;
  --accent: #2457d6; --accent-soft: #2457d61f; --danger: #ad232f; --danger-soft: #bf2f3a26;
  --good: #0a6440; --good-soft: #12784f1a; --warn: #8f5a00; --warn-soft: #b9770026; --track: #eceff4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0d1117; --surface: #161c26; --ink: #e8edf5; --soft: #9ba7b8; --line: #2a3341; --grid: #232b38;
    --accent: #82a8ff; --accent-soft: #82a8ff26; --danger: #ff838b; --danger-soft: #ff838b2e;
    --good: #58cf98; --good-soft: #58cf9821; --warn: #ebb85c; --warn-soft: #ebb85c24; --track: #222a36;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.55 Inter, "Segoe UI", system-ui, -apple-system, "Helvetica Neue", Arial, sans-serif; -webkit-font-smoothing: antialiased; }
main, header, footer { max-width: 1144px; margin: 0 auto; padding: 0 16px; }
header { padding-top: 40px; padding-bottom: 8px; }
.eyebrow { margin: 0 0 6px; color: var(--soft); font-size: 13px; letter-spacing: .06em; text-transform: uppercase; }
h1 { margin: 0 0 10px; font-size: 32px; line-height: 1.2; letter-spacing: -.02em; }
h2 { margin: 0 0 4px; font-size: 18px; letter-spacing: -.01em; }
h3 { margin: 20px 0 6px; font-size: 15px; }
p { margin: 0 0 10px; }
.about, .lead, footer, figcaption { color: var(--soft); font-size: 13.5px; }
.about span + span::before { content: "·"; margin: 0 8px; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 250px), 1fr)); gap: 12px; margin: 20px 0 16px; padding: 0; }
.card { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; }
.card dt { color: var(--soft); font-size: 13px; }
.card dd { margin: 0; }
.card .figure { font-size: 26px; font-weight: 640; letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
.card .note { color: var(--soft); font-size: 12.5px; line-height: 1.4; }
section { background: var(--surface); border: 1px solid var(--line); border-radius: 12px; padding: 20px 22px; margin: 0 0 16px; }
figure { margin: 14px 0 0; }
.scroll { overflow-x: auto; }
svg.chart { display: block; width: 100%; height: auto; min-width: 480px; font: 12px Inter, "Segoe UI", system-ui, sans-serif; font-variant-numeric: tabular-nums; }
figcaption { margin-top: 6px; }
.axis line { stroke: var(--grid); } .axis line.base { stroke: var(--line); } .axis text, .note { fill: var(--soft); }
svg .row, svg .value { fill: var(--ink); } svg .value { font-weight: 600; } svg .value, svg .note { paint-order: stroke; stroke: var(--surface); stroke-width: 4px; stroke-linejoin: round; } svg .danger { fill: var(--danger); }
.line-accent { fill: none; stroke: var(--accent); stroke-width: 1.6; stroke-linejoin: round; }
.fill-accent { fill: var(--accent-soft); } .fill-danger { fill: var(--danger-soft); stroke: var(--danger); stroke-width: 1; }
.mark-danger { stroke: var(--danger); stroke-width: 1.4; } .mark-muted { stroke: var(--soft); stroke-width: 1.2; stroke-dasharray: 4 4; }
table { width: 100%; border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); font-size: 13px; padding-bottom: 4px; }
th { text-align: left; color: var(--soft); font-weight: 560; font-size: 13px; white-space: nowrap; }
th, td { padding: 7px 14px 7px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody tr:last-child > * { border-bottom: 0; }
tbody th { color: var(--ink); font-size: 14px; }
.number { text-align: right; white-space: nowrap; }
.badge { display: inline-block; padding: 1px 9px; border-radius: 99px; font-size: 12.5px; font-weight: 600; white-space: nowrap; }
.badge.good { background: var(--good-soft); color: var(--good); } .badge.warn { background: var(--warn-soft); color: var(--warn); }
.badge.bad { background: var(--danger-soft); color: var(--danger); } .badge.plain { background: var(--track); color: var(--soft); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 4px; }
footer { padding-top: 8px; padding-bottom: 48px; }
a { color: var(--accent); }
@media (max-width: 640px) { .cards { grid-template-columns: 1fr 1fr; } h1 { font-size: 27px; } section { padding: 16px; } }
@media print { body { background: #fff; } section, .card { break-inside: avoid; } }
`;
