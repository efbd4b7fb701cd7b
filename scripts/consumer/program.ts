// A project that uses Millrace as a stranger would: from the published packages, under an ordinary compiler setting.
import assert from "node:assert/strict";
import { type Dag, dag, isMillraceError, operator, type RunState } from "@millrace/core";
import { createEngine } from "@millrace/core/engine";
import { defineErrors, xcomBackend } from "@millrace/core/plugin";
import { circuitBreaker } from "@millrace/resilience";
import { sqlite } from "@millrace/store-sqlite";
import { loadDataset, storeLargeDataset } from "@millrace/xcom-file";

/** True only if both types are the same: checked by the compiler, against the published declarations. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Same<A, B>): void => {};

const double = operator<number, number>({ retries: 1 }, ({ input }) => input * 2);

const pipeline = dag("pipeline", { description: "from the tarballs" }, (d) => {
  const rows = d.task("rows", ({ logicalDate, interval }) => {
    same<typeof logicalDate.epochMilliseconds, number>(true);
    return [interval.start, interval.end].map((instant, index) => ({ id: index + 1, at: instant }));
  });
  const ids = d.map("ids", { over: rows, maxActive: 2 }, ({ element }) => {
    same<typeof element.id, number>(true);
    return element.id;
  });
  const sum = d.task("sum", { input: { ids } }, ({ input }) => {
    same<typeof input.ids, number[]>(true);
    return input.ids.reduce((a, b) => a + b, 0);
  });
  const twice = d.use("twice", double, { input: sum });
  d.task("loose", { input: twice, triggerRule: "all_done" }, ({ input }) => {
    same<typeof input, number | undefined>(true);
    return { at: new Date(0), total: 10n, set: new Set([input]) };
  });
  // @ts-expect-error a task takes handles
  assert.throws(() => dag("wrong", {}, (w) => w.task("x", { input: 5 }, () => 1)));
});
same<typeof pipeline, Dag<Readonly<Record<string, unknown>>>>(true);

const engine = await createEngine({ dags: [pipeline], store: sqlite({ path: "data/millrace.db" }) });
try {
  const result = await engine.run(pipeline);
  same<typeof result.state, RunState>(true);
  assert.equal(result.summary, "success");
  assert.equal(await result.xcom("twice"), 6);
  assert.deepEqual(await result.xcom("loose"), { at: new Date(0), total: 10n, set: new Set([6]) });
  await assert.rejects(engine.run("missing"), (error) => isMillraceError(error, "DAG_NOT_FOUND"));
} finally {
  await engine.close();
}

assert.equal(await circuitBreaker({ name: "feed" }).call(() => 1), 1);
const reference = await storeLargeDataset([{ a: 1 }], { dir: "data/sets" });
assert.deepEqual(await loadDataset(reference, { dir: "data/sets" }), [{ a: 1 }]);
assert.equal(defineErrors({ X: { says: "no {what}", cure: "none" } })("X", { what: "luck" }).message, "no luck");
const address = { dagId: "d", runId: "r", taskId: "t", mapIndex: -1, key: "k" };
assert.equal(await xcomBackend().serialize([1], address), "[1]");
console.log("the published packages work");
