import { type XComBackend, xcomBackend } from "@millrace/core/plugin";
import { gzip } from "@millrace/xcom-gzip";
import { expect, test } from "vitest";
import type { MadeSample } from "../data/samples.ts";
import { measureBackend, median } from "./measure-backend.ts";
import { storedSize } from "./stored-size.ts";

const spec: MadeSample = { name: "structured_1KB", kind: "structured", sizeBytes: 1_024, jsonBytes: 2_601 };
const value = Array.from({ length: 100 }, (_, id) => ({ id, city: "Kassel" }));
const address = { dagId: "d", runId: "r", taskId: "t", mapIndex: -1, key: "k" };

/** A clock that goes on by so much whenever it is looked at. */
function steppingClock(stepMs: number) {
  let now = 0;
  const look = (): number => {
    now += stepMs;
    return now;
  };
  return { now: look, monotonic: look, sleep: async () => {} };
}

test("time between two looks at the clock is what counts, and the middle of the rounds", async () => {
  const measured = await measureBackend("gzip", xcomBackend([gzip()]), { spec, value }, address, {
    clock: steppingClock(2),
    budgetMs: 0,
  });
  expect(measured).toMatchObject({ serialize_ms: 2, deserialize_ms: 2, rounds: 3, parts: ["_xcom_compressed"] });
  expect(measured.row_bytes).toBeLessThan(measured.json_bytes / 4);
});

test("the budget ends the rounds, and 50 of them do", async () => {
  const options = { clock: steppingClock(1), budgetMs: 25 };
  const some = await measureBackend("as_is", xcomBackend(), { spec, value }, address, options);
  expect(some.rounds).toBe(6);
  const endless = { clock: steppingClock(0), budgetMs: 25 };
  expect((await measureBackend("as_is", xcomBackend(), { spec, value }, address, endless)).rounds).toBe(50);
});

test("a backend that gives another value back is not measured", async () => {
  const losing: XComBackend = { ...xcomBackend(), deserialize: async () => value.slice(1) };
  const options = { clock: steppingClock(1), budgetMs: 0 };
  await expect(measureBackend("losing", losing, { spec, value }, address, options)).rejects.toThrow("another value");
});

test("what is kept is counted in the row and outside of it", () => {
  expect(storedSize('"äö"')).toMatchObject({ rowBytes: 6, outsideBytes: 0, envelopes: [] });
  const inner = { _xcom_compressed: true, v: 1 };
  const stored = { _xcom_file_backend: true, size_bytes: 700, inner };
  expect(storedSize(stored)).toEqual({
    rowBytes: JSON.stringify(stored).length,
    outsideBytes: 700,
    envelopes: [stored, inner],
  });
});

test("the median is the one in the middle, or lies between the two", () => {
  expect(median([9, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 9])).toBe(3);
});
