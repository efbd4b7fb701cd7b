import { describe, expect, test } from "vitest";
import { ManualClock } from "../../test/manual-clock.ts";
import type { CatchupSource } from "../timetable/catchup.ts";
import { catchupFrom } from "./catchup-from.ts";
import { type SourceAnswer, SourceReader } from "./source-reader.ts";

const open = new AbortController().signal;

function reading(source: CatchupSource, clock = new ManualClock()) {
  const reader = new SourceReader(source, clock);
  const round = async (...dagIds: string[]): Promise<Record<string, unknown>> =>
    told(await clock.drive(reader.round(dagIds, open)));
  return { clock, reader, round };
}

/** Settings as they are, errors by their code and their reason. */
function told(answers: ReadonlyMap<string, SourceAnswer>): Record<string, unknown> {
  return Object.fromEntries(
    [...answers].map(([dagId, answer]) => [
      dagId,
      "error" in answer ? `${answer.error.code}: ${answer.error.values["why"]}` : answer.setting,
    ]),
  );
}

describe("a source", () => {
  test("is asked for one DAG after the other, and what it gives is looked over", async () => {
    let underWay = 0;
    let most = 0;
    const gives: Readonly<Record<string, unknown>> = {
      on: true,
      none: undefined,
      nothing: null,
      bounded: { maxRuns: 3, window: "1h" },
      number: 1,
      text: "hunter2",
      wrong: { since: "hunter2" },
      proxy: new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error("hunter2");
          },
        },
      ),
    };
    const source = catchupFrom(async ({ dagId }) => {
      most = Math.max(most, ++underWay);
      await Promise.resolve();
      underWay--;
      return gives[dagId];
    });
    const answers = await reading(source).round(...Object.keys(gives));
    expect(answers).toEqual({
      on: true,
      none: undefined,
      nothing: undefined,
      bounded: { maxRuns: 3, window: "1h" },
      number: "CATCHUP_SOURCE_INVALID: setting: true, false or since, maxRuns and window are needed",
      text: "CATCHUP_SOURCE_INVALID: setting: true, false or since, maxRuns and window are needed",
      wrong: "CATCHUP_SOURCE_INVALID: setting.since: an ISO date and time with offset or zone, or a date, is needed",
      proxy: "CATCHUP_SOURCE_FAILED: what it gave cannot be looked at",
    });
    expect(most).toBe(1);
  });

  test("that fails for one DAG fails for that alone, and says no more than the kind of the error", async () => {
    const source = catchupFrom(({ dagId }) => {
      if (dagId === "typed") throw Object.assign(new TypeError("hunter2"), { code: "ECONNREFUSED" });
      if (dagId === "thing") throw "hunter2";
      return true;
    });
    expect(await reading(source).round("typed", "thing", "good")).toEqual({
      typed: "CATCHUP_SOURCE_FAILED: TypeError (ECONNREFUSED)",
      thing: "CATCHUP_SOURCE_FAILED: it threw something that is no error",
      good: true,
    });
  });

  test("that cannot be refreshed is asked for no DAG", async () => {
    const asked: string[] = [];
    const source: CatchupSource = {
      name: "s",
      every: "1s",
      default: false,
      refresh: () => Promise.reject(new RangeError("no")),
      read: ({ dagId }) => asked.push(dagId),
    };
    expect(await reading(source).round("a", "b")).toEqual({
      a: "CATCHUP_SOURCE_FAILED: RangeError",
      b: "CATCHUP_SOURCE_FAILED: RangeError",
    });
    expect(asked).toEqual([]);
  });

  test("that does not answer is given up after 10 s, and not asked again before it has", async () => {
    const answers: ((value: unknown) => void)[] = [];
    const asked: string[] = [];
    let aborted = 0;
    const source = catchupFrom(({ dagId, signal }) => {
      asked.push(dagId);
      signal.addEventListener("abort", () => aborted++);
      return new Promise((resolve) => answers.push(resolve));
    });
    const { clock, round } = reading(source);
    const began = clock.now();
    const late = "CATCHUP_SOURCE_FAILED: it took longer than 10.0 s";
    expect(await round("a", "b")).toEqual({ a: late, b: late });
    expect([clock.now() - began, asked, aborted]).toEqual([10_000, ["a"], 1]);
    const still = "CATCHUP_SOURCE_FAILED: it has not answered yet what it was asked before";
    expect(await round("a", "b")).toEqual({ a: still, b: still });
    expect(asked).toEqual(["a"]);
    answers[0]?.(true);
    await clock.settle();
    const next = round("a", "b");
    await Promise.resolve();
    for (const answer of answers) answer(false);
    await next;
    expect(asked[1]).toBe("b");
  });

  test("is asked no more by an engine that closes", async () => {
    const closing = new AbortController();
    const asked: string[] = [];
    const source = catchupFrom(({ dagId }) => {
      asked.push(dagId);
      closing.abort();
      return true;
    });
    await new SourceReader(source, new ManualClock()).round(["a", "b"], closing.signal);
    expect(asked).toEqual(["a"]);
  });
});
