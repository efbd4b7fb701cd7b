import { expectTypeOf } from "vitest";
import { z } from "zod";
import { concat, dag, zip } from "../index.ts";

dag("types", { params: z.object({ region: z.string().default("eu") }) }, (d) => {
  const rows = d.task("rows", ({ params, input }) => {
    expectTypeOf(params).toEqualTypeOf<{ region: string }>();
    expectTypeOf(input).toEqualTypeOf<undefined>();
    return [{ id: 1, name: "a" }];
  });
  const clean = d.task("clean", { input: { rows } }, ({ input }) => {
    expectTypeOf(input.rows).toEqualTypeOf<{ id: number; name: string }[]>();
    return input.rows.length;
  });
  d.task("loose", { input: clean, triggerRule: "all_done", retries: 2 }, ({ input }) => {
    expectTypeOf(input).toEqualTypeOf<number | undefined>();
  });
  d.task("tuple", { input: [clean, rows] }, ({ input }) => {
    expectTypeOf(input[0]).toEqualTypeOf<number>();
    expectTypeOf(input[1][0].name).toEqualTypeOf<string>();
  });
  const mapped = d.map("each", { over: rows, input: clean }, async ({ element, input }) => {
    expectTypeOf(element).toEqualTypeOf<{ id: number; name: string }>();
    expectTypeOf(input).toEqualTypeOf<number>();
    return element.name;
  });
  d.task("reduce", { input: mapped }, async ({ input, xcom }) => {
    expectTypeOf(input).toEqualTypeOf<string[]>();
    expectTypeOf(await xcom.pull({ task: mapped, mapIndex: 0 })).toEqualTypeOf<string | undefined>();
    expectTypeOf(await xcom.pull({ task: clean })).toEqualTypeOf<number | undefined>();
    expectTypeOf(await xcom.pull({ task: clean, default: "none" })).toEqualTypeOf<number | string>();
    expectTypeOf(await xcom.pull({ task: "clean" })).toEqualTypeOf<unknown>();
  });
  d.map("product", { over: { number: [1, 2], letter: rows } }, ({ element }) => {
    expectTypeOf(element.letter).toEqualTypeOf<{ id: number; name: string }>();
    expectTypeOf(element.number).toExtend<number>();
  });
  d.map("both", { over: concat(rows, ["x"]) }, ({ element }) =>
    expectTypeOf(element).toExtend<string | { id: number }>(),
  );
  d.map("side", { over: zip([rows, [true]]) }, ({ element }) =>
    expectTypeOf(element[0]).toEqualTypeOf<{ id: number; name: string }>(),
  );
  d.branch("pick", { choices: ["clean", "rows"] }, () => "clean");
  // @ts-expect-error not one of the choices
  d.branch("pick2", { choices: ["clean", "rows"] }, () => "other");
  // @ts-expect-error an input is a handle
  d.task("bad", { input: 5 }, () => 1);
  // @ts-expect-error unknown rule
  d.task("bad2", { triggerRule: "sometimes" }, () => 1);
});
