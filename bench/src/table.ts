import { type Figure, type Gap, isGap, isMet, type Target } from "./figure.ts";

/** Columns as wide as their widest cell; the first one to the left, the others to the right. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column].length)));
  const line = (cells: readonly string[]): string =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join("  ");
  return [line(head), widths.map((width) => "─".repeat(width)).join("  "), ...rows.map(line)].join("\n");
}

export function formatFigures(entries: readonly (Figure | Gap)[]): string {
  const rows = entries.map((entry) =>
    isGap(entry)
      ? [entry.name, "–", entry.why, "", "–"]
      : [
          entry.name,
          `${formatNumber(entry.value)} ${entry.unit}`,
          entry.ratio ? `${formatRatio(entry.ratio.value)} of ${entry.ratio.to}` : "",
          formatTarget(entry.target, entry.unit),
          { true: "yes", false: "NO", undefined: "" }[String(isMet(entry)) as "true"],
        ],
  );
  const notes = entries.flatMap((entry) => (isGap(entry) || !entry.note ? [] : [`  ${entry.name}: ${entry.note}`]));
  return [formatTable(["figure", "value", "ratio", "target", "met"], rows), ...notes].join("\n");
}

export function formatNumber(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString("en-US");
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function formatRatio(ratio: number): string {
  return ratio < 3 ? `${Math.round(ratio * 100)} %` : `${formatNumber(ratio)} ×`;
}

function formatTarget(target: Target | undefined, unit: string): string {
  if (!target) return "";
  const parts: string[] = [];
  if (target.ratioAtLeast !== undefined) parts.push(`≥ ${formatRatio(target.ratioAtLeast)}`);
  if (target.ratioAtMost !== undefined) parts.push(`≤ ${formatRatio(target.ratioAtMost)}`);
  if (target.atLeast !== undefined) parts.push(`≥ ${formatNumber(target.atLeast)} ${unit}`);
  if (target.atMost !== undefined) parts.push(`≤ ${formatNumber(target.atMost)} ${unit}`);
  if (target.aboveAtMostUs !== undefined) parts.push(`≤ ${target.aboveAtMostUs} µs more`);
  return parts.join(", ");
}
