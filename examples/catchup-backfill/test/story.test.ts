import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryDatabase, memoryStore } from "@millrace/core/plugin";
import { expect, it } from "vitest";
import config from "../millrace.config.ts";
import { writeReports } from "../src/report/write-reports.ts";
import { tellStory } from "../src/story/tell-story.ts";
import { today } from "./small-world.ts";

it("the story comes to its end, all its checks pass, and its report tells what was told", async () => {
  const folder = mkdtempSync(join(tmpdir(), "catchup-story-"));
  try {
    const database = memoryDatabase();
    const told: string[] = [];
    const report = await tellStory({
      folder,
      now: today,
      openStore: () => memoryStore({ database }),
      say: (line) => told.push(line),
      storeBytes: () => 4_096,
      realMs: () => 0,
      msPerRow: 0,
    });
    expect(report.checks.filter(({ passed }) => !passed)).toEqual([]);
    const [html, markdown] = (await writeReports(join(folder, "reports"), report)).map((file) =>
      readFileSync(file, "utf8"),
    );
    for (const { title, lines } of report.chapters) {
      expect(lines.length, title).toBeGreaterThan(1);
      expect(told).toContain(`# ${title}`);
      for (const line of lines) expect(told).toContain(`  › ${line}`);
      expect(html).toContain(`>${title}</h2>`);
      expect(markdown).toContain(`## ${title}`);
    }
    for (const { name } of report.checks) expect(html).toContain(name);
    expect(html).not.toMatch(/<script|https?:\/\/|undefined|NaN/);
    expect(markdown).not.toMatch(/undefined|NaN/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

it("the configuration has the pool and the services that the DAGs rely on", () => {
  expect(config).toMatchObject({ dags: "./dags", pools: { gateway: 2 } });
  expect(config.services?.length).toBeGreaterThan(0);
});
