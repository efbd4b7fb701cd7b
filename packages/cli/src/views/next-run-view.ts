import type { ClockNote, NextRun } from "@millrace/core/engine";
import type { Style } from "../terminal/style.ts";
import type { Column } from "../terminal/table.ts";
import { iso } from "./run-view.ts";

const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

export function nextRunPayload(run: NextRun) {
  return {
    logicalDate: iso(run.start),
    interval: { start: iso(run.start), end: iso(run.end) },
    runAfter: iso(run.runAfter),
    local: run.local,
    notes: run.notes.map((note) => ({
      kind: note.kind,
      local: note.local,
      changeMs: note.changeMs,
      says: noteText(note),
    })),
  };
}

export function nextRunColumns(style: Style): readonly Column<NextRun>[] {
  return [
    { title: "due (local)", cell: ({ local }) => localText(local.runAfter), paint: (text) => style.bold(text) },
    { title: "due (UTC)", cell: ({ runAfter }) => utcText(runAfter) },
    {
      title: "data interval (local)",
      cell: ({ start, end, local }) =>
        start === end ? localText(local.start) : `${localText(local.start)} → ${localText(local.end)}`,
      paint: (text) => style.dim(text),
      optional: true,
    },
    {
      title: "clocks",
      cell: ({ notes }) => notes.map(noteText).join("; "),
      paint: (text) => style.warn(text),
      flexible: true,
    },
  ];
}

/** `Sun 2026-03-29 03:30 +02:00`: seconds only where there are some. */
function localText(text: string): string {
  const [, date, time, offset] = /^(.+)T(\d\d:\d\d(?::\d\d)?)([+-].+)$/.exec(text) ?? [];
  if (date === undefined) return text;
  return `${weekdays[new Date(`${date}T00:00Z`).getUTCDay()]} ${date} ${time.replace(/:00$/, time.length > 5 ? "" : ":00")} ${offset}`;
}

function utcText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace("T", " ").replace(/:00$/, "");
}

/** What a change of the clocks has to do with a run, in a few words. */
export function noteText({ kind, local, changeMs }: ClockNote): string {
  const [date, time] = local.split("T");
  const length = lengthText(Math.abs(changeMs));
  switch (kind) {
    case "shifted":
      return `${time} does not exist on ${date}: ${length} later`;
    case "skipped":
      return `${time} of ${date} does not exist: skipped`;
    case "first_of_two":
      return `first of two ${time}`;
    case "second_of_two":
      return `second of two ${time}`;
    case "change":
      return `clocks go ${changeMs > 0 ? "forward" : "back"} ${length} on ${date}`;
  }
}

function lengthText(ms: number): string {
  return ms % 3_600_000 === 0 ? `${ms / 3_600_000} h` : `${Math.round(ms / 60_000)} min`;
}
