import { expect } from "vitest";
import { type Dag, dag, type TaskContext } from "../../src/index.ts";
import { openEngine, statesOf } from "../test-engine.ts";
import { type AirflowCase, hasOnly } from "./case-file.ts";
import { type GroupReader, notBuilt, run, unknown } from "./verdict.ts";

/** What a pull gives, by how it names tasks and indices; and what a push accepts. */
export const readXCom: GroupReader = (fact) => {
  if (fact.id.startsWith("objstore")) return notBuilt("values kept in files and object stores");
  if (hasOnly(fact, "task_ids", "map_indexes", "stored", "expect") && "stored" in fact) return readPull(fact);
  if (hasOnly(fact, "key", "expect_error") && fact.expect_error === true) return readBadKey(fact);
  return unknown;
};

function readPull(fact: AirflowCase) {
  const { task_ids: tasks, map_indexes: indices, stored } = fact;
  const isIndex = typeof indices === "number" && indices >= 0;
  if (!(indices === null || indices === undefined || isIndex || Array.isArray(indices))) return unknown;
  const ids = [tasks].flat().filter((id): id is string => typeof id === "string");
  return run(async () => {
    const elements = Math.max(0, ...[indices].flat().map((index) => (typeof index === "number" ? index + 1 : 0)));
    const pulled = await pullOf(ids, elements, stored, async ({ xcom }) => {
      const at = (index: unknown) => (typeof index === "number" && index >= 0 ? { mapIndex: index } : {});
      if (tasks === null || tasks === undefined) {
        await xcom.push("own", stored);
        return xcom.pull({ key: "own" });
      }
      const list = Array.isArray(tasks);
      if (!Array.isArray(indices))
        return list ? xcom.pull({ task: ids, ...at(indices) }) : xcom.pull({ task: ids[0], ...at(indices) });
      // A list of indices is a list of pulls, tasks varying slowest.
      return Promise.all(ids.flatMap((task) => indices.map((index) => xcom.pull({ task, ...at(index) }))));
    });
    expect(pulled).toEqual(fact.expect);
  });
}

/** Runs `pull` in a task behind tasks that all leave `stored`, mapped ones if there are elements; gives what it returned. */
async function pullOf(
  ids: readonly string[],
  elements: number,
  stored: unknown,
  pull: (context: TaskContext) => unknown,
) {
  let pulled: unknown;
  const pulling: Dag = dag("pulls", {}, (d) => {
    const upstreams = ids.map((id) =>
      elements > 0
        ? d.map(id, { over: Array.from({ length: elements }, (_, index) => index) }, () => stored)
        : d.task(id, () => stored),
    );
    d.task("puller", async (context) => {
      pulled = await pull(context);
    }).after(...upstreams);
  });
  await using opened = await openEngine({ dags: [pulling] });
  const result = await opened.run(pulling);
  expect(statesOf(result).puller).toBe("success");
  return pulled;
}

function readBadKey(fact: AirflowCase) {
  return run(async () => {
    const pushing = dag("pushes", {}, (d) => {
      d.task("pusher", ({ xcom }) => xcom.push(fact.key as string, 1));
    });
    await using opened = await openEngine({ dags: [pushing] });
    const { tasks } = await opened.run(pushing);
    expect(tasks.pusher.error?.code).toBe("XCOM_KEY_INVALID");
  });
}
