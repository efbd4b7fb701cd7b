import { beforeAll, describe, expect, it } from "vitest";
import { type Project, project } from "./project.ts";

const scheduled = `import { continuous, cron, dag, once } from "@millrace/core";
const make = (id, schedule, more = {}) => dag(id, { schedule, ...more }, (d) => d.task("t", () => 1));
export const all = [
  make("sales", cron("30 2 * * *", { timezone: "Europe/Berlin" })),
  make("loop", continuous(), { startDate: "2026-01-01" }),
  make("over", once(), { startDate: "2026-01-01" }),
  make("asked", null),
  make("broken", { describe: () => "broken", next: () => { throw new Error("no idea"); } }),
];`;

let shared: Project;
beforeAll(() => {
  shared = project({ "dags/scheduled.ts": scheduled });
});

describe("the next runs of a DAG", () => {
  it("are told in local time and in UTC, with what changes of the clocks do to them", async () => {
    const spring = await shared.millrace(["dags", "next", "sales", "-n", "3", "--from", "2026-03-28"]);
    expect([spring.code, spring.err]).toEqual([0, ""]);
    const [head, , titles, ...lines] = spring.out.trimEnd().split("\n");
    expect(head).toMatch(/^sales {2}30 2 \* \* \* \(Europe\/Berlin\)/);
    expect(titles).toMatch(/^due \(local\) +due \(UTC\) +data interval \(local\) +clocks$/);
    expect(lines).toEqual([
      expect.stringMatching(/^Sat 2026-03-28 02:30 \+01:00 +2026-03-28 01:30 +Fri 2026-03-27 02:30 \+01:00 → Sat /),
      expect.stringMatching(
        /^Sun 2026-03-29 03:30 \+02:00 +2026-03-29 01:30 .* 02:30 does not exist on 2026-03-29: 1 h later; clocks go forward 1 h/,
      ),
      expect.stringMatching(/^Mon 2026-03-30 02:30 \+02:00 +2026-03-30 00:30 /),
    ]);
    const autumn = await shared.millrace(["dags", "next", "sales", "-n", "2", "--from", "2026-10-24"]);
    expect(autumn.out).toContain("second of two 02:30; clocks go back 1 h on 2026-10-25");
  });

  it("are JSON for programs", async () => {
    const { schedule, timezone, runs } = (
      await shared.millrace(["dags", "next", "sales", "-n", "1", "--from", "2026-03-29", "-o", "json"])
    ).json<{ schedule: string; timezone: string; runs: unknown[] }>();
    expect([schedule, timezone, runs]).toEqual([
      "30 2 * * * (Europe/Berlin)",
      "Europe/Berlin",
      [
        {
          logicalDate: "2026-03-28T01:30:00.000Z",
          interval: { start: "2026-03-28T01:30:00.000Z", end: "2026-03-29T01:30:00.000Z" },
          runAfter: "2026-03-29T01:30:00.000Z",
          local: {
            start: "2026-03-28T02:30:00+01:00",
            end: "2026-03-29T03:30:00+02:00",
            runAfter: "2026-03-29T03:30:00+02:00",
          },
          notes: [
            expect.objectContaining({ kind: "shifted", local: "2026-03-29T02:30", changeMs: 3_600_000 }),
            expect.objectContaining({ kind: "change", local: "2026-03-29T02:00", changeMs: 3_600_000 }),
          ],
        },
      ],
    ]);
  });

  it("say why there are none, or only one", async () => {
    expect(await shared.millrace(["dags", "next", "asked"])).toMatchObject({
      code: 0,
      out: "",
      err: expect.stringContaining("runs when asked"),
    });
    expect((await shared.millrace(["dags", "next", "over"])).err).toContain("no run any more");
    const loop = await shared.millrace(["dags", "next", "loop"]);
    expect([loop.out.trimEnd().split("\n").length, loop.err]).toEqual([
      4,
      expect.stringContaining("not known beforehand"),
    ]);
  });

  it("are an error where a timetable or the question does not work", async () => {
    expect(await shared.millrace(["dags", "next", "broken"])).toMatchObject({
      out: "",
      err: expect.stringMatching(/no idea.*TIMETABLE_FAILED/s),
    });
    expect((await shared.millrace(["dags", "next", "sales", "--from", "soon"])).err).toContain("INSTANT_INVALID");
    expect((await shared.millrace(["dags", "next", "sales", "-n", "0"])).code).toBe(2);
  });

  it("show up where the DAG is drawn, and do not hinder it", async () => {
    expect((await shared.millrace(["dags", "show", "sales"])).out).toMatch(/schedule 30 2 .* next run in \d+ (min|h)/);
    const { nextRun } = (await shared.millrace(["dags", "show", "sales", "-o", "json"])).json<{ nextRun: object }>();
    expect(nextRun).toMatchObject({ runAfter: expect.stringMatching(/T0[01]:30:00.000Z$/) });
    const broken = await shared.millrace(["dags", "show", "broken"]);
    expect([broken.code, broken.err]).toEqual([0, expect.stringContaining("The next run is not known")]);
  });
});
