import { expect, test } from "vitest";
import type { Measurement } from "../measure/measurement.ts";
import type { Comparison } from "./comparison.ts";
import { renderHtmlReport } from "./html-report.ts";
import { renderMarkdownReport } from "./markdown-report.ts";
import { bytes, duration, share } from "./number-format.ts";

const one = (backend: string, given: Partial<Measurement> = {}): Measurement => ({
  backend,
  sample: "large_1MB",
  kind: "large",
  size_bytes: 1_048_576,
  json_bytes: 1_000_000,
  row_bytes: 1_000_000,
  outside_bytes: 0,
  serialize_ms: 4,
  deserialize_ms: 2,
  rounds: 3,
  parts: [],
  ...given,
});

const comparison: Comparison = {
  run: { dag: "xcom_backends_comparison", id: "<script>alert(1)</script>|`" },
  made_at: "2026-01-01T00:00:00Z",
  machine: "a machine",
  measurements: [
    one("as_is"),
    one("gzip", { row_bytes: 230_000, serialize_ms: 20.4 }),
    one("hybrid", {
      row_bytes: 400,
      outside_bytes: 210_000,
      choice: { method: "compress+place", reason: "compresses, large" },
    }),
  ],
  faults: [
    { fault: "f", says: "It is gone", code: "XCOM_GONE", message: "", mending: "It is put back", is_mended: true },
  ],
};

test("both reports say the same: what is kept, how long it takes, what was chosen and what went wrong", () => {
  for (const text of [renderHtmlReport(comparison), renderMarkdownReport(comparison)])
    for (const words of [
      "23 %",
      "21 %",
      "20 ms",
      "4 ms",
      "2 ms",
      "compress → place",
      "compresses, large",
      "It is gone",
      "XCOM_GONE",
    ])
      expect(text).toContain(words);
});

test("the page is whole by itself, has a text for each chart, and nothing from data becomes markup", () => {
  const page = renderHtmlReport(comparison);
  expect(page).not.toMatch(/<script|src=|href=|url\(/);
  expect(page).toContain("&lt;script&gt;");
  expect(page).toContain("gzip: written in 20 ms, read in 2 ms.");
  expect(page).toContain("hybrid: 21 %.");
  const opened = page.match(/<(section|table|svg|details|figure)\b/g)?.length;
  expect(page.match(/<\/(section|table|svg|details|figure)>/g)?.length).toBe(opened);
  expect(renderMarkdownReport(comparison)).toContain("\\<script\\>alert(1)\\</script\\>\\|\\`");
});

test("numbers are written as people write them", () => {
  expect([90, 1_024, 10_035, 16_777_216, 1_782_579].map(bytes)).toEqual(["90 B", "1 KB", "9.8 KB", "16 MB", "1.7 MB"]);
  expect([0.0014, 0.85, 1, 4.23, 42.6, 1_000, 1_253].map(duration)).toEqual([
    "1 µs",
    "850 µs",
    "1 ms",
    "4.2 ms",
    "43 ms",
    "1 s",
    "1.25 s",
  ]);
  expect([0.0003, 0.004, 0.12, 1, 6.8].map(share)).toEqual(["0.03 %", "0.4 %", "12 %", "100 %", "680 %"]);
});
