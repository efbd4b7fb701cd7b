import { escapeMarkdown } from "example-report-kit";
import type { Comparison } from "./comparison.ts";
import { findings, headline } from "./findings.ts";
import { allTable, choiceTable, faultTable, sizeTable, type TextTable, timeTable } from "./tables.ts";

/** The report as Markdown, for mail, chat and version control. Text from data is escaped. */
export function renderMarkdownReport(comparison: Comparison): string {
  const { run, made_at, machine } = comparison;
  const parts = [
    "# XCom backends compared",
    escapeMarkdown(headline(comparison)),
    `*${escapeMarkdown(run.dag)}, run ${escapeMarkdown(run.id)}, made ${made_at}, ${escapeMarkdown(machine)}*`,
    findings(comparison)
      .map(
        ({ name, figure, note }) => `- **${escapeMarkdown(name)}: ${escapeMarkdown(figure)}**, ${escapeMarkdown(note)}`,
      )
      .join("\n"),
    "## What is kept",
    table(sizeTable(comparison)),
    "## How long it takes",
    table(timeTable(comparison, "serialize_ms")),
    table(timeTable(comparison, "deserialize_ms")),
    "## What hybrid chose",
    table(choiceTable(comparison)),
    "## What can go wrong",
    table(faultTable(comparison)),
    "## Every measurement",
    table(allTable(comparison)),
  ];
  return `${parts.join("\n\n")}\n`;
}

function table({ caption, head, rows, numbersFrom = 1 }: TextTable): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, column) => (column >= numbersFrom ? "---:" : "---"));
  return [
    `${escapeMarkdown(caption)}:`,
    "",
    line(head.map(escapeMarkdown)),
    line(rule),
    ...rows.map((cells) => line(cells.map(escapeMarkdown))),
  ].join("\n");
}
