import { escapeMarkdown } from "example-report-kit";
import { bytes, instant, span, whole } from "./number-format.ts";
import { headlineOf } from "./report-headline.ts";
import type { ResourceUse, StoryReport } from "./story-report.ts";

/** The report as Markdown, for chat and version control. Text from data is escaped. */
export function renderMarkdownReport(report: StoryReport): string {
  const parts = [
    "# Catchup and backfill",
    `${headlineOf(report)}.`,
    `*${instant(report.beganAt)} to ${instant(report.endedAt)} UTC: ${span(report.endedAt - report.beganAt)} in ${report.tookSeconds.toFixed(0)} s*`,
    ...report.chapters.flatMap(({ title, lead, lines }) => [
      `## ${title}`,
      escapeMarkdown(lead),
      lines.map((line) => `- ${escapeMarkdown(line)}`).join("\n"),
    ]),
    ...resources(report.resources),
    "## What each DAG did",
    "As it stands at the end: a run that a backfill ran again counts as one of the backfill. Rows are those of all loads together.",
    table(
      ["DAG", "Runs", "Scheduled", "Backfill", "Succeeded", "Failed", "Rows written", "Active at most"],
      report.dags.map((dag) => [
        dag.dagId,
        whole(dag.runs),
        whole(dag.byType.scheduled ?? 0),
        whole(dag.byType.backfill ?? 0),
        whole(dag.byState.success ?? 0),
        whole(dag.byState.failed ?? 0),
        whole(dag.rows),
        `${dag.mostActive} of ${dag.limit}`,
      ]),
    ),
    "## What was skipped, and why",
    table(
      ["DAG", "Task", "Why", "Times"],
      report.skipped.map(({ dagId, what, why, count }) => [dagId, what, why, whole(count)]),
    ),
    "## Checks",
    table(
      ["Check", "Result", "Detail"],
      report.checks.map(({ name, passed, detail }) => [name, passed ? "passed" : "**failed**", detail]),
    ),
    "## Messages",
    report.messages.map(({ at, text }) => `- ${instant(at)} ${escapeMarkdown(text)}`).join("\n"),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function resources(use: ResourceUse | undefined): string[] {
  const [first, last] = [use?.samples[0], use?.samples.at(-1)];
  if (!use || !first || !last) return [];
  const most = Math.max(...use.samples.map(({ activeRuns }) => activeRuns));
  return [
    `### ${use.title}`,
    table(
      ["Resource", "At the beginning", "At the end", "Most"],
      [
        ["Active runs", String(first.activeRuns), String(last.activeRuns), `${most} of ${use.activeLimit}`],
        ...(
          [
            ["Memory of the process", "memoryBytes"],
            ["Millrace's database", "storeBytes"],
            ["Target database", "targetBytes"],
          ] as const
        ).map(([name, key]) => [
          name,
          bytes(first[key]),
          bytes(last[key]),
          bytes(Math.max(...use.samples.map((sample) => sample[key]))),
        ]),
      ],
    ),
  ];
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => (cell.startsWith("**") ? cell : escapeMarkdown(cell))).join(" | ")} |`;
  return [row(heads), `|${heads.map(() => "---").join("|")}|`, ...rows.map(row)].join("\n");
}
