import { type Dag, dag, type MappedTaskHandle, skip, type TaskHandle } from "@millrace/core";
import { expectTypeOf } from "vitest";
import { testDag } from "../index.ts";

interface Row {
  readonly amount: number;
}

const handles = {} as { clean: TaskHandle<Row[]>; each: MappedTaskHandle<string> };
const sales = dag("sales", {}, (d) => {
  handles.clean = d.task("clean", (): Row[] => []);
  handles.each = d.map("each", { over: handles.clean }, ({ element }) => `${element.amount}`);
}) as Dag<unknown> as Dag<{ readonly region: string }>;

export async function use(): Promise<void> {
  const result = await testDag(sales, {
    params: { region: "eu" },
    mock: {
      clean: ({ params, element, attempt }) => {
        expectTypeOf(params).toEqualTypeOf<unknown>();
        expectTypeOf(element).toEqualTypeOf<unknown>();
        expectTypeOf(attempt).toEqualTypeOf<number>();
        return [];
      },
      each: skip("not today"),
    },
  });
  expectTypeOf(result.value(handles.clean)).toEqualTypeOf<Row[] | undefined>();
  expectTypeOf(result.value(handles.each)).toEqualTypeOf<string[] | undefined>();
  expectTypeOf(result.value(handles.each, { mapIndex: 0 })).toEqualTypeOf<string | undefined>();
  expectTypeOf(result.value("clean")).toEqualTypeOf<unknown>();
  expectTypeOf(result.value<Row[]>("clean")).toEqualTypeOf<Row[] | undefined>();
  expectTypeOf(result.orThrow()).toEqualTypeOf(result);
  // @ts-expect-error a region is text
  await testDag(sales, { params: { region: 5 } });
  // @ts-expect-error there is no such option
  await testDag(sales, { params: { region: "eu" }, mocks: {} });
  // @ts-expect-error XComs are given as objects
  await testDag(sales, { params: { region: "eu" }, xcom: "rows" });
}
