import { expect, it } from "vitest";
import { runBeside } from "./child-process.ts";
import { isMet } from "./figure.ts";
import { formatFigures } from "./table.ts";

interface LastLine {
  readonly figures: Readonly<Record<string, { readonly value?: number; readonly missing?: string }>>;
}

it("measures every figure, here with tiny amounts, and says so in its last line", { timeout: 60_000 }, async () => {
  const { figures } = await runBeside<LastLine>("./main.ts", "--tiny");
  expect(Object.keys(figures)).toEqual([
    "rawLimit",
    "wide",
    "manyRuns",
    "wideUsual",
    "chain40",
    "fanOut",
    "handOver",
    "fib10x40",
    "fib33x10",
    "threadRoundTrip",
    "memory",
    "request",
    "recovery",
    "fullFile",
    ...["scheduleIdle", "scheduleDue", "scheduleYear"],
    ...["backfillPlanDaily", "backfillPlanHourly", "backfillPlanMemory", "backfillRuns"],
    "cronStep",
    ...["xcomGzip1KB", "xcomGzip64KB", "xcomAes1KB", "xcomAes64KB", "xcomFile1KB", "xcomFile64KB"],
    ...["xcomFileRead1KB", "xcomFileRead64KB", "xcomS364KB"],
    ...["xcomStackMemory", "xcomStackStream", "xcomPause", "xcomEncode", "xcomDecode", "xcomKeys"],
    "importCore",
    "runCommand",
  ]);
  for (const [id, { value, missing }] of Object.entries(figures))
    expect(missing !== undefined || Number.isFinite(value), id).toBe(true);
});

it("a figure is met when every bound that it has holds", () => {
  const figure = {
    id: "f",
    name: "f",
    value: 50_000,
    unit: "tasks/s",
    ratio: { value: 0.5, to: "raw limit" },
  } as const;
  expect(isMet(figure)).toBeUndefined();
  expect(isMet({ ...figure, target: { atLeast: 40_000, ratioAtLeast: 0.4 } })).toBe(true);
  expect(isMet({ ...figure, target: { atLeast: 40_000, ratioAtLeast: 0.6 } })).toBe(false);
  expect(isMet({ ...figure, target: { atMost: 40_000 } })).toBe(false);
});

it("the table shows values, ratios, targets and gaps", () => {
  const ratio = { value: 0.5, to: "raw limit" };
  const text = formatFigures([
    { id: "f", name: "fast", value: 50_000, unit: "tasks/s", ratio, target: { ratioAtLeast: 0.6 }, note: "mostly" },
    { id: "g", name: "gone", why: "not built" },
  ]);
  expect(text).toContain("fast    50,000 tasks/s  50 % of raw limit  ≥ 60 %   NO");
  expect(text).toContain("not built");
  expect(text).toContain("  fast: mostly");
});
