import { expectTypeOf } from "vitest";
import { z } from "zod";
import { dag } from "../index.ts";
import type { Engine } from "./engine.ts";
import type { RunResult } from "./run-result.ts";

const typed = dag("typed", { params: z.object({ region: z.string(), days: z.coerce.number().default(7) }) }, (d) => {
  d.task("look", ({ params }) => expectTypeOf(params).toEqualTypeOf<{ region: string; days: number }>());
});
const untyped = dag("untyped", {}, (d) => {
  d.task("look", ({ params }) => expectTypeOf(params).toEqualTypeOf<Readonly<Record<string, unknown>>>());
});

export async function run(engine: Engine): Promise<void> {
  const result = await engine.run(typed, { params: { region: "eu" } });
  expectTypeOf(result).toEqualTypeOf<RunResult>();
  expectTypeOf(result.state).toEqualTypeOf<"queued" | "running" | "success" | "failed" | "cancelled">();
  expectTypeOf(await result.xcom("look")).toEqualTypeOf<unknown>();
  await engine.run(typed, { params: { region: "eu", days: "14" }, logicalDate: "2026-10-22" });
  await engine.run(untyped, { params: { anything: 1 }, conf: { a: [1] } });
  await engine.run("typed", { params: { what: "ever" } });
  await engine.trigger(typed, { params: { region: "eu" }, idempotencyKey: "once" });
  // @ts-expect-error a region is text
  await engine.run(typed, { params: { region: 5 } });
  // @ts-expect-error there is no such parameter
  await engine.run(typed, { params: { region: "eu", colour: "red" } });
  // @ts-expect-error the region is missing
  await engine.run(typed, { params: {} });
  // @ts-expect-error the same for runs that nobody waits for
  await engine.trigger(typed, { params: { region: null } });
  // @ts-expect-error a date of JavaScript has no time zone to be meant in
  await engine.run(untyped, { logicalDate: new Date() });
  // @ts-expect-error there is no such option
  await engine.run(untyped, { priority: 5 });
}
