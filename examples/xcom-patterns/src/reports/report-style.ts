import { baseStyle } from "example-report-kit";

/** The look of the report. */
export const reportStyle = `${baseStyle}
.headline { max-width: 860px; font-size: 18px; line-height: 1.5; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 16px; margin-bottom: 16px; }
.pair > section { margin: 0; }
.narrow { max-width: 600px; margin-bottom: 16px; }
.line-muted { fill: none; stroke: var(--soft); stroke-width: 1.4; }
.dot-accent { fill: var(--accent); } .period { fill: var(--danger-soft); opacity: .55; }
.bar-accent { fill: var(--accent); opacity: .82; } .bar-danger { fill: var(--danger); }
.track { fill: var(--track); } .band-high { fill: var(--good); } .band-medium { fill: var(--warn); } .band-low { fill: var(--danger); }
ol.actions { list-style: none; margin: 10px 0 0; padding: 0; }
ol.actions li { display: grid; grid-template-columns: 76px 1fr; gap: 12px; padding: 10px 0; border-bottom: 1px solid var(--line); }
ol.actions li:last-child { border-bottom: 0; }
ol.actions strong { font-weight: 620; } ol.actions p { margin: 0; color: var(--soft); font-size: 14px; overflow-wrap: anywhere; }
td.text { overflow-wrap: anywhere; }
details summary { cursor: pointer; font-weight: 600; font-size: 15px; }
details[open] summary { margin-bottom: 10px; }
svg.wide { min-width: 760px; }
`;
