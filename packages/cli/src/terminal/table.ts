import width from "fast-string-width";
import { safeLine } from "./safe-text.ts";
import type { Style } from "./style.ts";

/** A column of a table. */
export interface Column<Row> {
  readonly title: string;
  /** Text of the cell; it is made safe here. */
  cell(row: Row): string;
  /** Puts colour on the finished cell; may not change its width. */
  readonly paint?: (text: string, row: Row) => string;
  readonly align?: "right";
  /** Gives way first when the terminal is too narrow. */
  readonly flexible?: boolean;
  /** Is left out when the terminal is too narrow, before anything is cut. */
  readonly optional?: boolean;
}

const gap = "  ";
const narrowest = 8;

/** Lines of a table without borders. With `columns` given it fits into so many; long cells end in `…`. */
export function tableLines<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  style: Style,
  terminalColumns?: number,
): string[] {
  const cells = rows.map((row) => columns.map((column) => safeLine(column.cell(row))));
  // A column that is empty in every row says nothing.
  const shown = columns.map((_, at) => rows.length === 0 || cells.some((line) => line[at] !== ""));
  const widths = columns.map((column, at) =>
    shown[at] ? cells.reduce((most, line) => Math.max(most, width(line[at])), width(column.title)) : 0,
  );
  if (terminalColumns !== undefined) leaveOut(shown, widths, columns, terminalColumns);
  if (terminalColumns !== undefined)
    shrink(widths, columns, terminalColumns - gap.length * (shown.filter(Boolean).length - 1));

  const line = (texts: readonly string[], paint: (text: string, at: number) => string): string => {
    const last = shown.lastIndexOf(true);
    return texts
      .flatMap((text, at) => {
        if (!shown[at]) return [];
        const cut = cutTo(text, widths[at]);
        const padding = " ".repeat(widths[at] - width(cut));
        if (columns[at].align === "right") return [padding + paint(cut, at)];
        return [paint(cut, at) + (at === last ? "" : padding)];
      })
      .join(gap)
      .trimEnd();
  };
  return [
    line(
      columns.map(({ title }) => title),
      (text) => style.dim(text),
    ),
    ...rows.map((row, at) => line(cells[at], (text, place) => columns[place].paint?.(text, row) ?? text)),
  ];
}

/** Text cut to a width, with `…` where something was cut. */
export function cutTo(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let cut = "";
  let used = 0;
  for (const character of text) {
    const more = width(character);
    if (used + more > columns - 1) break;
    cut += character;
    used += more;
  }
  return `${cut}…`;
}

/** Leaves out optional columns, from the left, until the rest fits or none is left. */
function leaveOut<Row>(shown: boolean[], widths: number[], columns: readonly Column<Row>[], room: number): void {
  columns.forEach((column, at) => {
    const needed = widths.reduce((sum, each) => sum + each, 0) + gap.length * (shown.filter(Boolean).length - 1);
    if (!column.optional || needed <= room) return;
    shown[at] = false;
    widths[at] = 0;
  });
}

function shrink<Row>(widths: number[], columns: readonly Column<Row>[], room: number): void {
  const flexible = columns.flatMap((column, at) => (column.flexible ? [at] : []));
  for (const candidates of [flexible, widths.map((_, at) => at)]) {
    for (;;) {
      const tooMuch = widths.reduce((sum, each) => sum + each, 0) - room;
      const widest = candidates.reduce<number | undefined>(
        (best, at) => (best === undefined || widths[at] > widths[best] ? at : best),
        undefined,
      );
      if (tooMuch <= 0 || widest === undefined || widths[widest] <= narrowest) break;
      widths[widest] = Math.max(narrowest, widths[widest] - Math.max(1, Math.ceil(tooMuch / candidates.length)));
    }
  }
}
