import { expect, test } from "vitest";
import { parseRetention, type RetentionOptions } from "./retention-rules.ts";

const dayMs = 86_400_000;

test("what is not set is as by default; a DAG's own rules leave to the others what they do not name", () => {
  expect(parseRetention()).toEqual({
    runs: { olderThanMs: 365 * dayMs, keep: 10_000 },
    dags: new Map(),
    xcoms: { olderThanMs: 90 * dayMs, keep: null },
    logsMs: 30 * dayMs,
    eventsMs: 90 * dayMs,
  });
  expect(
    parseRetention({
      runs: { keep: false },
      xcoms: { olderThan: "7d", keep: 50 },
      logs: false,
      events: { olderThan: false },
      dags: { audit: false, noisy: { keep: 5 }, brief: { olderThan: "1h" } },
    }),
  ).toEqual({
    runs: { olderThanMs: 365 * dayMs, keep: null },
    dags: new Map([
      ["audit", { olderThanMs: null, keep: null }],
      ["noisy", { olderThanMs: 365 * dayMs, keep: 5 }],
      ["brief", { olderThanMs: 3_600_000, keep: null }],
    ]),
    xcoms: { olderThanMs: 7 * dayMs, keep: 50 },
    logsMs: null,
    eventsMs: null,
  });
});

test("false keeps everything", () => {
  const nothing = { olderThanMs: null, keep: null };
  expect(parseRetention(false)).toEqual({
    runs: nothing,
    dags: new Map(),
    xcoms: nothing,
    logsMs: null,
    eventsMs: null,
  });
});

test.for([
  ["retention", null],
  ["retention", "30d"],
  ["retention.run", { run: {} }],
  ["retention.runs", { runs: true }],
  ["retention.runs.keep", { runs: { keep: 0 } }],
  ["retention.runs.keep", { runs: { keep: 1.5 } }],
  ["retention.runs.olderThan", { runs: { olderThan: "soon" } }],
  ["retention.runs.max", { runs: { max: 1 } }],
  ["retention.xcoms.keep", { xcoms: { keep: 0 } }],
  ["retention.logs.keep", { logs: { keep: 1 } }],
  ["retention.events.olderThan", { events: { olderThan: true } }],
  ["retention.dags.a.keep", { dags: { a: { keep: -1 } } }],
] as const)("a wrong rule is refused by its name: %s", ([setting, options]) => {
  expect(() => parseRetention(options as unknown as RetentionOptions)).toThrow(
    expect.objectContaining({ code: "RETENTION_INVALID", message: expect.stringContaining(`${setting} is `) }),
  );
});
