import { expect, it } from "vitest";
import { coreError, isMillraceError } from "../../errors.ts";
import { errorOf, plainError } from "./plain-error.ts";

/** There and back, as between threads. */
const carried = (thrown: unknown): unknown => errorOf(structuredClone(plainError(thrown)));

class OddError extends TypeError {
  override readonly name = "OddError";
  readonly status = 503;
  readonly retry = { after: [1, 2] };
  readonly call = (): number => 1;
}

it("keeps of an error what filters and people look at: name, message, stack, code, plain properties, cause", () => {
  const error = Object.assign(new OddError("odd", { cause: new RangeError("inner", { cause: "no error" }) }), {
    code: "E_ODD",
  });
  const back = carried(error) as OddError & { code: string };
  expect(back).toBeInstanceOf(Error);
  expect([back.name, back.message, back.stack, back.code, back.status, back.retry]).toEqual([
    "OddError",
    "odd",
    error.stack,
    "E_ODD",
    503,
    { after: [1, 2] },
  ]);
  expect("call" in back).toBe(false);
  expect(Object.keys(back).sort()).toEqual(["code", "retry", "status"]);
  const cause = back.cause as Error;
  expect([cause.name, cause.message, cause.cause]).toEqual(["RangeError", "inner", undefined]);
});

it("keeps Millrace's own errors what they are", () => {
  const back = carried(coreError("TASK_NOT_FOUND", { dagId: "{x}", taskId: "t" }));
  expect(isMillraceError(back, "TASK_NOT_FOUND")).toBe(true);
  expect(back).toMatchObject({ name: "MillraceError", cure: "See `millrace dags show {x}` for its tasks." });
  expect((back as Error).message).toBe("DAG '{x}' has no task 't'");
});

it("carries what is no error if it can be carried, and never throws", () => {
  const data = [1, "text", null, undefined, { a: [1n] }];
  for (const thrown of data) expect(carried(thrown)).toEqual(thrown);
  expect(carried(() => 1)).toBeUndefined();
  expect(carried(Symbol("s"))).toBeUndefined();
  const hostile = new Error("x");
  Object.defineProperty(hostile, "message", {
    get() {
      throw new Error("no");
    },
  });
  expect((carried(hostile) as Error).message).toMatch(/cannot be looked at/);
  const endless = new Error("a");
  endless.cause = endless;
  expect((carried(endless) as Error).message).toBe("a");
  expect((carried(new Error("y".repeat(10_000_000))) as Error).message.length).toBe(100_000);
});
