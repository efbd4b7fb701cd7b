import width from "fast-string-width";
import type { Style } from "../terminal/style.ts";

const up = 1;
const down = 2;
const left = 4;
const right = 8;

const glyphs: Readonly<Record<number, string>> = {
  [up]: "│",
  [down]: "│",
  [up | down]: "│",
  [left]: "─",
  [right]: "─",
  [left | right]: "─",
  [down | right]: "╭",
  [down | left]: "╮",
  [up | right]: "╰",
  [up | left]: "╯",
  [up | down | right]: "├",
  [up | down | left]: "┤",
  [down | left | right]: "┬",
  [up | left | right]: "┴",
  [up | down | left | right]: "┼",
};

interface Cell {
  readonly across: Set<number>;
  readonly upright: Set<number>;
  bits: number;
}

/** A field of characters on which lines meet: lines of one net join, lines of different nets cross. */
export class Canvas {
  readonly #columns: number;
  readonly #rows: number;
  readonly #cells = new Map<number, Cell>();
  readonly #heads = new Map<number, string>();
  readonly #texts: { readonly x: number; readonly row: number; readonly text: string; readonly isLabel: boolean }[] =
    [];

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#rows = rows;
  }

  /** A line along a row, both ends included. */
  across(row: number, from: number, to: number, net: number): void {
    for (let x = from; x <= to; x++) {
      const cell = this.#cell(x, row);
      cell.across.add(net);
      cell.bits |= (x > from ? left : 0) | (x < to ? right : 0);
    }
  }

  /** A line down a column, both ends included. */
  down(x: number, from: number, to: number, net: number): void {
    for (let row = from; row <= to; row++) {
      const cell = this.#cell(x, row);
      cell.upright.add(net);
      cell.bits |= (row > from ? up : 0) | (row < to ? down : 0);
    }
  }

  head(x: number, row: number, arrow: string): void {
    this.#heads.set(row * this.#columns + x, arrow);
  }

  /** A box of three rows around a label; `row` is the middle one. */
  box(x: number, row: number, label: string, labelWidth: number): void {
    const line = "─".repeat(labelWidth + 2);
    const padding = " ".repeat(labelWidth - width(label));
    this.#texts.push({ x, row: row - 1, text: `┌${line}┐`, isLabel: false });
    this.#texts.push({ x, row, text: `│ ${label}${padding} │`, isLabel: true });
    this.#texts.push({ x, row: row + 1, text: `└${line}┘`, isLabel: false });
  }

  lines(style: Style): string[] {
    return Array.from({ length: this.#rows }, (_, row) => this.#line(row, style));
  }

  #line(row: number, style: Style): string {
    const texts = this.#texts.filter((text) => text.row === row).sort((a, b) => a.x - b.x);
    let line = "";
    for (let x = 0; x < this.#columns; ) {
      const text = texts.find((each) => each.x === x);
      if (text) {
        line += text.isLabel
          ? style.dim("│") + style.bold(text.text.slice(1, -1)) + style.dim("│")
          : style.dim(text.text);
        x += width(text.text);
      } else {
        const glyph = this.#heads.get(row * this.#columns + x) ?? this.#glyph(x, row);
        line += glyph === " " ? glyph : style.accent(glyph);
        x++;
      }
    }
    return line.trimEnd();
  }

  #glyph(x: number, row: number): string {
    const cell = this.#cells.get(row * this.#columns + x);
    if (!cell) return " ";
    const passes = (cell.bits & (up | down)) === (up | down) && (cell.bits & (left | right)) === (left | right);
    // Foreign lines cross: the upright one is drawn, and the other goes on behind it.
    if (passes && cell.across.size > 0 && cell.upright.size > 0 && !meet(cell.across, cell.upright)) return "│";
    return glyphs[cell.bits] ?? "─";
  }

  #cell(x: number, row: number): Cell {
    const key = row * this.#columns + x;
    let cell = this.#cells.get(key);
    if (!cell) {
      cell = { across: new Set(), upright: new Set(), bits: 0 };
      this.#cells.set(key, cell);
    }
    return cell;
  }
}

function meet(a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  return [...a].some((each) => b.has(each));
}
