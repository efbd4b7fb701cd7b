import { baseStyle } from "example-report-kit";

/** The look of the report. */
export const reportStyle = `${baseStyle}
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)); gap: 10px 24px; }
.charts svg.chart { min-width: 0; } .charts figcaption { margin: 0; color: var(--ink); font-weight: 600; }
ul.lines, ol.told { margin: 10px 0 0; padding: 0; list-style: none; }
ul.lines li, ol.told li { padding: 3px 0 3px 18px; position: relative; overflow-wrap: anywhere; }
ul.lines li::before { content: "›"; position: absolute; left: 2px; color: var(--soft); }
ol.told li { padding-left: 0; } ol.told time { color: var(--soft); font-variant-numeric: tabular-nums; margin-right: 10px; }
code { font: 12.5px ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
.bar-accent { fill: var(--accent); opacity: .82; } .bar-danger { fill: var(--danger); } .bar-soft { fill: var(--soft); opacity: .6; }
td.text { min-width: 220px; overflow-wrap: anywhere; }
`;
