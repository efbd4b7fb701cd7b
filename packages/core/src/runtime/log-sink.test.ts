import { expect, test } from "vitest";
import { Masker } from "../masking/masker.ts";
import type { LogLine } from "../store/contract.ts";
import { LogSink } from "./log-sink.ts";

const line = (message: string): LogLine => ({ at: 0, level: "info", message, fields: null });

test("what could not be written comes before what was logged meanwhile", () => {
  let flushes = 0;
  const sink = new LogSink(() => flushes++, new Masker());
  sink.add(1, 1, line("first"));
  const taken = sink.drain();
  sink.add(1, 1, line("second"));
  sink.restore(taken);
  sink.add(1, 1, line("third"));
  expect(sink.drain().flatMap(({ lines }) => lines.map(({ message }) => message))).toEqual([
    "first",
    "second",
    "third",
  ]);
  expect(flushes).toBeGreaterThan(1);
  expect(sink.drain()).toEqual([]);
});
