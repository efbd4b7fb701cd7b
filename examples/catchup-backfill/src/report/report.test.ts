import { expect, it } from "vitest";
import { renderHtmlReport } from "./html-report.ts";
import { renderMarkdownReport } from "./markdown-report.ts";
import { count, span } from "./number-format.ts";
import type { StoryReport } from "./story-report.ts";

const hostile = `<img src=x onerror=alert(1)> | **bold** & "quoted"`;
const report: StoryReport = {
  beganAt: Date.UTC(2026, 5, 15, 2),
  endedAt: Date.UTC(2026, 5, 25, 4),
  tookSeconds: 12.4,
  chapters: [
    { id: "history", title: "A month of history", lead: hostile, lines: [hostile] },
    { id: "backfill", title: "A backfill", lead: "How much it takes.", lines: ["one line"] },
  ],
  dags: [
    {
      dagId: "sales",
      runs: 3,
      byState: { success: 2, failed: 1 },
      byType: { scheduled: 3 },
      rows: 1_234,
      mostActive: 2,
      limit: 3,
    },
  ],
  skipped: [{ dagId: "sales", what: "load", why: hostile, count: 2 }],
  checks: [
    { name: "all is well", passed: true, detail: "1 row" },
    { name: hostile, passed: false, detail: "2 rows" },
  ],
  messages: [{ at: Date.UTC(2026, 5, 20), text: hostile }],
  catchup: [
    { label: "2026-05-16", startedAt: 0, endedAt: 60_000, state: "success" },
    { label: "2026-05-17", startedAt: 30_000, endedAt: 90_000, state: "failed" },
  ],
  recovery: [],
  resources: {
    title: "Resources",
    activeLimit: 3,
    samples: [0, 5, 10].map((runsDone) => ({
      runsDone,
      activeRuns: Math.min(3, 10 - runsDone),
      memoryBytes: 100 * 1_048_576,
      storeBytes: runsDone * 1_024,
      targetBytes: 1_048_576,
    })),
  },
};

it("nothing that comes from data becomes an element, a script or a table's cell", () => {
  const page = renderHtmlReport(report);
  expect(page).not.toContain("<img");
  expect(page).toContain("&lt;img src=x onerror=alert(1)&gt;");
  expect(page).toContain("default-src 'none'");
  const markdown = renderMarkdownReport(report);
  expect(markdown).not.toMatch(/(?<!\\)<img/);
  expect(markdown).toContain("\\*\\*bold\\*\\*");
  for (const line of markdown.split("\n").filter((text) => text.startsWith("| sales")))
    expect(line.match(/(?<!\\)\|/g)?.length).toBe(line.includes("load") ? 5 : 9);
});

it("says at its head whether all checks passed", () => {
  expect(renderHtmlReport(report)).toContain("1 of 2 checks passed");
  expect(renderHtmlReport(report)).toContain("3 runs, and 1 check did not pass");
  const good = { ...report, checks: report.checks.slice(0, 1) };
  expect(renderMarkdownReport(good)).toContain("3 runs, and every row is where it belongs.");
});

it("charts say in words what they show", () => {
  const page = renderHtmlReport(report);
  expect(page).toContain("2 runs in 2 min: 1 success, 1 failed.");
  expect(page).toContain("Active runs: from 3 to 0, at most 3.");
  expect(page).toContain("limit 3");
  expect(renderHtmlReport({ ...report, resources: undefined, catchup: [] })).not.toContain("<svg");
});

it("lengths of time and counts read as people say them", () => {
  expect([40_000, 60_000, 3_600_000, 7_500_000, 3 * 86_400_000].map(span)).toEqual([
    "40 s",
    "1 min",
    "1 h",
    "2 h 5 min",
    "3 d",
  ]);
  expect([count(1, "day"), count(1_200, "day"), count(2, "a", "b")]).toEqual(["1 day", "1,200 days", "2 b"]);
});
