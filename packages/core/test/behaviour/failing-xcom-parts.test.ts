import { expect, test } from "vitest";
import { dag } from "../../src/index.ts";
import type { XComStage } from "../../src/xcom/parts.ts";
import { openEngine } from "../test-engine.ts";

type Way = "works" | "throws" | "hangs";

/** A part that fails as it is told. */
function part(way: { write: Way; read: Way }): XComStage {
  const act = async <T>(how: Way, value: T): Promise<T> => {
    if (how === "throws") throw new Error("the part is broken");
    return how === "hangs" ? new Promise(() => undefined) : value;
  };
  return {
    kind: "stage",
    name: "fickle",
    marker: "_xcom_fickle",
    bytesField: "data",
    effect: "other",
    write: (bytes) => act(way.write, { envelope: { _xcom_fickle: true }, bytes }),
    read: (bytes) => act(way.read, bytes),
  };
}

const passing = dag("passing", {}, (d) => {
  const makes = d.task("makes", { retries: { max: 1, delay: "1s", backoff: "fixed" } }, () => [1, 2]);
  d.task("takes", { input: makes }, ({ input }) => input.length);
});
const other = dag("other", {}, (d) => void d.task("alone", () => undefined));
const writing = dag("writing", {}, (d) => void d.task("alone", () => "value"));

test.for([
  ["write", "throws", "XCOM_PART_FAILED", "error"],
  ["write", "hangs", "XCOM_TIMEOUT", "timeout"],
  ["read", "throws", "XCOM_PART_FAILED", "error"],
  ["read", "hangs", "XCOM_TIMEOUT", "timeout"],
] as const)(
  "a part that %s %s fails the attempt that needs it, is counted, and harms no other run",
  async ([step, how, code, reason]) => {
    const way: { write: Way; read: Way } = { write: "works", read: "works" };
    await using opened = await openEngine({
      dags: [passing, other],
      xcom: { backend: [part(way)], timeout: "90s" },
    });
    const { engine, clock } = opened;
    way[step] = how;
    const began = clock.now();
    const ended = engine.run(passing);
    await clock.settle();
    // While it hangs.
    expect((await opened.run(other)).state).toBe("success");
    expect(clock.now()).toBe(began);
    const result = await clock.drive(ended);
    expect(result.state).toBe("failed");
    const failed = result.tasks[step === "write" ? "makes" : "takes"];
    expect(failed?.state).toBe("failed");
    expect(failed?.error?.code).toBe(code);
    const attempts = step === "write" ? 2 : 1;
    if (how === "hangs") expect(clock.now() - began).toBe(attempts * 90_000 + (attempts - 1) * 1_000);
    expect(engine.metrics.prometheus()).toContain(
      `millrace_xcom_part_failures_total{reason="${reason}"} ${attempts}\n`,
    );
    way[step] = "works";
    expect((await opened.run(passing)).state).toBe("success");
  },
);

test("a part that hangs is told to stop when its time is over, and not before", async () => {
  const signals: AbortSignal[] = [];
  const way: { write: Way; read: Way } = { write: "hangs", read: "works" };
  const hanging = part(way);
  const watched: XComStage = {
    ...hanging,
    write(bytes, address, inner, call) {
      if (call?.signal) signals.push(call.signal);
      return hanging.write(bytes, address, inner, call);
    },
  };
  await using opened = await openEngine({ dags: [writing], xcom: { backend: [watched], timeout: "90s" } });
  const ended = opened.engine.run(writing);
  await opened.clock.settle();
  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  await opened.clock.drive(ended);
  expect(signals.map(({ reason }) => (reason as { code: string }).code)).toEqual(["XCOM_TIMEOUT"]);
  way.write = "works";
  await opened.run(writing);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
});

test("a part that hangs does not keep the engine from closing, and what it gives too late is nobody's", async () => {
  const way: { write: Way; read: Way } = { write: "hangs", read: "works" };
  const opened = await openEngine({ dags: [passing], xcom: { backend: [part(way)] } });
  const ended = expect(opened.engine.run(passing)).rejects.toMatchObject({ code: "ENGINE_CLOSED" });
  await opened.clock.settle();
  await opened.clock.drive(opened.engine.close());
  await ended;
});
