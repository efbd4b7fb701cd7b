import type { XComTotal, XComUsage } from "@millrace/core/engine";
import { defineCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Session } from "../session.ts";
import { sizeText } from "../terminal/show-size.ts";
import { type Column, tableLines } from "../terminal/table.ts";

/** What a part has done for a DAG. */
interface Done extends XComTotal {
  readonly dagId: string;
}

export default defineCommand({
  about: [
    "What is stored now: how many values went through each part of the XCom backend, how long their JSON was, and what they take after all parts. A value counts for each part that it went through; `json` are those that no part has touched.",
    "What was done: what parts did in all engines that ever worked on the store, with the time it took and how often it failed. An engine that works now tells it every half minute. No value is looked at.",
  ].join("\n\n"),
  options: [{ flags: "--dag <id>", says: "only values of this DAG", completes: "dag" }],
  examples: [
    ["millrace xcom stats", "what the parts save, and what they cost"],
    ["millrace xcom stats --dag sales -o json", "of one DAG, for programs"],
  ],
  async run(session, given) {
    const core = await session.core();
    const dagId = given.textOr("dag", undefined);
    if (dagId !== undefined) core.checkDagId(dagId);
    const { backend } = await core.resolveXComBackend(await session.config());
    const store = await session.neededReader();
    const stored = await core.measureXComs({ store, parts: backend.parts, ...(dagId !== undefined && { dagId }) });
    const totals = await core.readXComTotals(store.state);
    const wanted = [...totals]
      .filter(([id]) => dagId === undefined || id === dagId)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const done: readonly Done[] = wanted.flatMap(([id, all = []]) => all.map((total) => ({ dagId: id, ...total })));
    session.print(
      {
        stored: stored.map(({ dagId: dag, ...usage }) => ({
          dag,
          ...usage,
          ratio: ratioOf(usage.storedBytes, usage.originalBytes),
        })),
        done: done.map(({ dagId: dag, durationUs, ...total }) => ({
          dag,
          ...total,
          ratio: ratioOf(total.bytesOut, total.bytesIn),
          seconds: durationUs / 1e6,
        })),
      },
      () => lines(stored, done, session),
    );
    if (stored.length === 0) session.note("No value is stored.");
    for (const [id, total] of wanted)
      if (total === undefined) session.warn(`What was done for '${id}' cannot be read; an engine will count it anew.`);
    return exitCodes.ok;
  },
});

function lines(stored: readonly XComUsage[], done: readonly Done[], { style, io }: Session): string[] {
  const storedColumns: readonly Column<XComUsage>[] = [
    { title: "dag", cell: ({ dagId }) => dagId, flexible: true },
    { title: "part", cell: ({ part }) => part, paint: (text) => style.bold(text), flexible: true },
    { title: "values", cell: ({ values }) => String(values), align: "right" },
    { title: "JSON", cell: ({ originalBytes }) => sizeText(originalBytes), align: "right" },
    { title: "stored", cell: ({ storedBytes }) => sizeText(storedBytes), align: "right" },
    { title: "in a place", cell: ({ placedBytes }) => (placedBytes > 0 ? sizeText(placedBytes) : ""), align: "right" },
    { title: "ratio", cell: (row) => ratioText(row.storedBytes, row.originalBytes), align: "right" },
  ];
  const doneColumns: readonly Column<Done>[] = [
    { title: "dag", cell: ({ dagId }) => dagId, flexible: true },
    { title: "part", cell: ({ part }) => part, paint: (text) => style.bold(text), flexible: true },
    { title: "did", cell: ({ operation }) => operation },
    { title: "times", cell: ({ done: times }) => String(times), align: "right" },
    { title: "declined", cell: ({ declined }) => (declined > 0 ? String(declined) : ""), align: "right" },
    {
      title: "failed",
      cell: ({ failed }) => (failed > 0 ? String(failed) : ""),
      paint: (text) => style.bad(text),
      align: "right",
    },
    { title: "in", cell: ({ bytesIn }) => sizeText(bytesIn), align: "right" },
    { title: "out", cell: ({ bytesOut }) => sizeText(bytesOut), align: "right" },
    { title: "ratio", cell: (row) => ratioText(row.bytesOut, row.bytesIn), align: "right" },
    { title: "each took", cell: meanText, align: "right" },
    { title: "errors", cell: ({ errors }) => errorText(errors), flexible: true },
  ];
  return [
    ...(stored.length === 0
      ? []
      : [style.bold("What is stored now"), ...tableLines(stored, storedColumns, style, io.out.columns)]),
    ...(done.length === 0
      ? []
      : ["", style.bold("What was done"), ...tableLines(done, doneColumns, style, io.out.columns)]),
  ];
}

/** `null` of nothing. */
function ratioOf(after: number, before: number): number | null {
  return before === 0 ? null : Number((after / before).toFixed(4));
}

function ratioText(after: number, before: number): string {
  const ratio = ratioOf(after, before);
  return ratio === null ? "" : ratio.toFixed(2);
}

function meanText({ done, declined, failed, durationUs }: Done): string {
  const us = durationUs / Math.max(1, done + declined + failed);
  return us < 1_000 ? `${Math.round(us)} µs` : `${(us / 1_000).toFixed(1)} ms`;
}

/** `XCOM_PART_FAILED 3, XCOM_TIMEOUT 1`, the most frequent first. */
function errorText(errors: XComTotal["errors"]): string {
  const sorted = Object.entries(errors).sort(([, a], [, b]) => b - a);
  return sorted.map(([code, count]) => `${code} ${count}`).join(", ");
}
