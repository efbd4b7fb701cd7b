import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type Project, project } from "./project.ts";

/** A DAG of every day, whose run of the fifth fails unless a file says otherwise, and one whose runs wait for a file. */
const dags = `import { cron, dag } from "@millrace/core";
import { existsSync } from "node:fs";
import { join } from "node:path";
const folder = process.env.FOLDER ?? "";
export const sales = dag("sales", { schedule: cron("0 2 * * *"), startDate: "2026-10-01" }, (d) => {
  d.task("load", async ({ interval }) => {
    if (interval.start.toString().startsWith("2026-01-02")) {
      setTimeout(() => { throw new Error("astray"); });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    if (interval.start.toString().startsWith("2026-01-05") && !existsSync(join(folder, "good"))) throw new Error("bad day");
  });
});
export const held = dag("held", { schedule: cron("0 2 * * *"), startDate: "2026-10-01" }, (d) => {
  d.task("wait", async ({ signal }) => {
    while (!existsSync(join(folder, "go")) && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, 5));
    signal.throwIfAborted();
  });
});
`;

interface Progress {
  readonly backfill: string;
  readonly state: string;
  readonly total: number;
  readonly skipped: number;
  readonly done: number;
  readonly failed: number;
  readonly active: number;
  readonly pending: number;
}

const january = ["--from", "2026-01-01", "--to", "2026-01-08", "--weekdays", "mon-fri"];

const made = (): Project & { readonly call: { readonly env: Record<string, string> } } => {
  const one = project({ "dags/all.ts": dags });
  return { ...one, call: { env: { FOLDER: one.folder } } };
};

describe("millrace backfill, without an engine", () => {
  const here = made();
  let plan: string;
  beforeAll(async () => {
    const planned = await here.millrace(["backfill", "plan", "sales", ...january, "-o", "json"], here.call);
    const payload = planned.json<{ plan: string; counts: object; runs: { logicalDate: string; action: string }[] }>();
    expect(payload.counts).toEqual({ total: 8, create: 6, reprocess: 0, skip: 2 });
    expect(payload.runs.filter(({ action }) => action === "skip").map(({ logicalDate }) => logicalDate)).toEqual([
      "2026-01-03T02:00:00Z",
      "2026-01-04T02:00:00Z",
    ]);
    plan = payload.plan;
  });

  it("does what a plan says, tells how far it is, and exits with 1 when a run failed; then runs that again", async () => {
    const args = ["backfill", "create", "sales", ...january, "--plan", plan, "--id", "first", "--yes", "-o", "json"];
    const created = await here.millrace(args, here.call);
    expect([created.code, created.json()]).toMatchObject([
      1,
      { backfill: "first", dag: "sales", state: "completed", total: 8, skipped: 2, done: 6, success: 5, failed: 1 },
    ]);
    expect(created.err).toMatch(
      /first {2}0\/6 done[\s\S]*first {2}6\/6 done, 1 failed[\s\S]*millrace backfill retry first/,
    );

    expect(created.err).toContain("outside of every task: astray");

    const listed = await here.here(["backfill", "list", "--dag", "sales"]);
    expect(listed.out).toMatch(/first +✗ completed +2026-01-01 to 2026-01-08 .* 6\/6 done, 1 failed, 2 skipped/);
    const shown = await here.here(["backfill", "show", "first"]);
    expect(shown.out).toMatch(/2026-01-05T02:00:00Z +✗ failed +backfill__2026-01-05T02:00:00Z/);
    const skipped = await here.here(["backfill", "show", "first", "--state", "skipped", "-o", "json"]);
    expect(skipped.json<{ items: unknown[] }>().items).toHaveLength(2);

    writeFileSync(join(here.folder, "good"), "");
    const retried = await here.millrace(["backfill", "retry", "first", "-o", "json"], here.call);
    expect([retried.code, retried.json()]).toMatchObject([0, { state: "completed", done: 6, failed: 0 }]);

    // The dates have runs now: the same plan is another one.
    const stale = await here.millrace(
      args.map((arg) => (arg === "first" ? "second" : arg)),
      here.call,
    );
    expect([stale.code, stale.json()]).toMatchObject([
      4,
      { error: { code: "BACKFILL_STALE", message: expect.stringContaining("now 0 would be made") } },
    ]);
  });

  it("is told what it lacks, and knows no backfill that is not there", async () => {
    const asked = async (...args: string[]) => {
      const ended = await here.here(["backfill", ...args, "-o", "json"]);
      return [ended.code, ended.json<{ error?: { code: string } }>().error?.code];
    };
    expect(await asked("create", "sales", ...january)).toEqual([2, "QUESTION_UNANSWERED"]);
    expect(await asked("plan", "sales", "--from", "2026-01-01")).toEqual([2, "USAGE_INVALID"]);
    expect(await asked("plan", "sales", ...january, "--start-date", "2026-01-02")).toEqual([2, "USAGE_INVALID"]);
    expect(await asked("plan", "sales", ...january.slice(0, 4), "--weekdays", "someday")).toEqual([2, "USAGE_INVALID"]);
    expect(await asked("plan", "sales", ...january, "--skip", "someday")).toEqual([2, "BACKFILL_DATES_INVALID"]);
    expect(await asked("plan", "sales", ...january, "--skip", "../gone.ics")).toEqual([2, "BACKFILL_CALENDAR_INVALID"]);
    for (const command of ["show", "pause", "resume", "retry"])
      expect(await asked(command, "nothing")).toEqual([3, "BACKFILL_NOT_FOUND"]);
    expect(await asked("cancel", "nothing", "--yes")).toEqual([3, "BACKFILL_NOT_FOUND"]);
  });

  it("is paused by Ctrl-C, and goes on where it stopped", async () => {
    const { spawn, folder, call, ...one } = made();
    const dates = ["--start-date", "2026-01-01", "--end-date", "2026-01-31"];
    const create = spawn(["backfill", "create", "held", ...dates, "--max-active", "4", "--id", "long", "--yes"], call);
    await create.until(/long {2}0\/31 done/);
    const active = async () =>
      (await one.here(["backfill", "show", "long", "-o", "json"])).json<{ active: number }>().active;
    while ((await active()) < 4);
    create.kill("SIGINT");
    await create.until("Once more to hand them back");
    create.kill("SIGINT");
    const ended = await create.ended;
    expect([ended.code, ended.out]).toEqual([130, expect.stringMatching(/paused {2}long[\s\S]*0\/31 done, 4 active/)]);
    expect(ended.err).toContain("millrace backfill resume long");
    expect(existsSync(join(folder, ".millrace/engine.json"))).toBe(false);

    writeFileSync(join(folder, "go"), "");
    const resumed = await one.millrace(["backfill", "resume", "long", "-o", "json"], call);
    expect([resumed.code, resumed.json()]).toMatchObject([
      0,
      { state: "completed", total: 31, success: 31, failed: 0 },
    ]);
  });
});

describe("millrace backfill, beside an engine", () => {
  it("has the engine do it: created, left alone, paused, resumed, cancelled", async () => {
    const { spawn, millrace, here, folder, call } = made();
    const start = spawn(["start"], call);
    await start.until("ready");
    const dates = ["--from", "2026-01-01", "--to", "2026-01-31"];
    const create = spawn(["backfill", "create", "held", ...dates, "--id", "aside", "--max-active", "2", "--yes"], call);
    await create.until(/aside {2}0\/31 done/);
    await start.until(/running +held {2}backfill__2026-01-02/);
    create.kill("SIGINT");
    const left = await create.ended;
    expect([left.code, left.err]).toEqual([130, expect.stringContaining("It goes on in the engine")]);

    const asked = async (...args: string[]): Promise<Progress> => {
      const ended = await here(["backfill", ...args, "-o", "json"]);
      expect([args, ended.code]).toEqual([args, 0]);
      return ended.json() as unknown as Progress;
    };
    expect(await asked("show", "aside")).toMatchObject({ state: "running", active: 2, pending: 29 });
    expect(await asked("pause", "aside")).toMatchObject({ state: "paused", active: 2 });
    expect(await asked("resume", "aside", "--detach")).toMatchObject({ state: "running" });
    // Another one of the same dates would be in its way.
    const other = await millrace(["backfill", "create", "held", ...dates, "--detach", "--yes", "-o", "json"], call);
    expect([other.code, other.json()]).toMatchObject([4, { error: { code: "BACKFILL_CONFLICT" } }]);
    expect(await asked("cancel", "aside", "--dry-run")).toMatchObject({ dryRun: true, state: "running" });
    expect(await asked("cancel", "aside", "--yes")).toMatchObject({ state: "cancelled", pending: 29 });
    await start.until(/cancelled +held {2}backfill__2026-01-02/);
    const again = await here(["backfill", "resume", "aside", "--detach", "-o", "json"]);
    expect([again.code, again.json()]).toMatchObject([4, { error: { code: "BACKFILL_STATE" } }]);
    writeFileSync(join(folder, "go"), "");
    start.kill("SIGTERM");
    expect((await start.ended).code).toBe(0);
  });
});
