import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { project } from "./project.ts";

/** Due each second from its start on. */
const tickingDag = `import { dag } from "@millrace/core";
const timetable = {
  describe: () => "each second",
  next({ lastInterval, earliest }) {
    const start = lastInterval ? lastInterval.end : earliest;
    const end = start.add({ seconds: 1 });
    return { interval: { start, end }, runAfter: end };
  },
};
export default dag("ticking", { schedule: timetable, startDate: process.env.TICKING_START, catchup: true, maxActiveRuns: 2 }, (d) => {
  d.task("t", ({ run }) => run.id);
});
`;

describe("millrace start", () => {
  it("makes the runs that are due, tells how it is, and goes on after a kill where it stood", async () => {
    const { spawn, millrace, folder } = project({ "dags/ticking.ts": tickingDag });
    const begin = Math.floor(Date.now() / 1_000) * 1_000 - 40_000;
    const call = { env: { TICKING_START: new Date(begin).toISOString() } };
    const args = ["start", "--no-watch", "--health-port", "0", "--health-file", "run/health.json", "-o", "json"];
    const first = spawn(args, call);
    await first.until(`"kind":"engine.ready"`);
    const url = /"url":"(http:[^"]+)"/.exec(first.printed())?.[1] ?? "";
    const ready = await fetch(`${url}/ready`);
    expect([ready.status, await ready.json()]).toEqual([200, { state: "ready", storeFailingSince: null }]);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect((await fetch(`${url}/`)).status).toBe(404);
    const file = join(folder, "run/health.json");
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ pid: first.pid });
    await first.until(/(?:"kind":"run.success"[\s\S]*){5}/);
    first.kill("SIGKILL");
    await first.ended;
    const second = spawn(args, call);
    await second.until(/(?:"kind":"run.success"[\s\S]*){10}/);
    second.kill("SIGTERM");
    expect((await second.ended).code).toBe(0);
    expect(existsSync(file)).toBe(false);
    const listed = await millrace(["runs", "list", "--dag", "ticking", "--limit", "1000", "-o", "json"]);
    const runs = listed.json<{ run: string; state: string }[]>();
    const seconds = runs.map(({ run }) => (Date.parse(run.replace("scheduled__", "")) - begin) / 1_000);
    expect(seconds.sort((a, b) => a - b)).toEqual(seconds.map((_, n) => n));
    expect(runs.length).toBeGreaterThanOrEqual(15);
  });
});
