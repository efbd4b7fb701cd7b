import { describe, expect, it } from "vitest";
import { styleOf } from "./style.ts";
import { type Column, cutTo, tableLines } from "./table.ts";

interface Row {
  readonly id: string;
  readonly count: number;
  readonly note: string;
}

const columns: readonly Column<Row>[] = [
  { title: "id", cell: ({ id }) => id, flexible: true },
  { title: "count", cell: ({ count }) => String(count), align: "right" },
  { title: "note", cell: ({ note }) => note },
];
const plain = styleOf(false);

describe("tableLines", () => {
  it("lines up columns, numbers to the right, and leaves out a column that is empty everywhere", () => {
    expect(
      tableLines(
        [
          { id: "a", count: 5, note: "" },
          { id: "long-name", count: 12, note: "" },
        ],
        columns,
        plain,
      ),
    ).toEqual(["id         count", "a              5", "long-name     12"]);
  });

  it("counts wide characters and emoji by their width", () => {
    const lines = tableLines(
      [
        { id: "表", count: 1, note: "x" },
        { id: "ab", count: 2, note: "x" },
      ],
      columns,
      plain,
    );
    expect(lines[1]).toBe("表      1  x");
    expect(lines[2]).toBe("ab      2  x");
  });

  it("fits into a terminal by cutting the flexible column first", () => {
    const lines = tableLines([{ id: "x".repeat(60), count: 1, note: "kept whole" }], columns, plain, 40);
    expect(lines.every((line) => line.length <= 40)).toBe(true);
    expect(lines[1]).toMatch(/^x+… +1 {2}kept whole$/);
  });

  it("leaves optional columns out before it cuts anything", () => {
    const row = { id: "x".repeat(20), count: 1, note: "a longer note" };
    const withOptional = columns.map((column) => (column.title === "note" ? { ...column, optional: true } : column));
    expect(tableLines([row], withOptional, plain, 30)).toEqual(["id                    count", `${row.id}      1`]);
    expect(tableLines([row], withOptional, plain, 60)[1]).toContain("a longer note");
  });

  it("never cuts where there is no terminal", () => {
    expect(tableLines([{ id: "x".repeat(300), count: 1, note: "" }], columns, plain)[1]).toContain("x".repeat(300));
  });

  it("shows what comes from data on one line and without control codes", () => {
    const [, line] = tableLines([{ id: "a\nb\u001b[2Jc\u0007\u202e", count: 1, note: "\ttab" }], columns, plain);
    expect(line).toBe("a ↵ bc??      1   tab");
  });
});

describe("cutTo", () => {
  it("cuts by width and marks the cut", () => {
    expect([cutTo("abc", 3), cutTo("abcd", 3), cutTo("表表表", 4)]).toEqual(["abc", "ab…", "表…"]);
  });
});
