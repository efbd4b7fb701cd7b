// A process of its own, as `millrace run` is one: `write <run>` runs the DAG of the project in this folder, `read <run> …`
// reads what these runs have kept, by the configuration that holds now. Prints one line of JSON.
import { isMillraceError } from "@millrace/core";
import { createEngine, loadConfig, loadDags, resolveStore, resolveXComBackend } from "@millrace/core/engine";

const [act, ...runIds] = process.argv.slice(2);
const keys = ["config", "rows", "secret", "noise"];

const config = await loadConfig();
const [store, { backend }] = await Promise.all([resolveStore(config), resolveXComBackend(config)]);
const { dags } = act === "write" ? await loadDags({ folder: config.dags, home: config.home }) : { dags: [] };
await using engine = await createEngine({
  dags: dags.map(({ dag }) => dag),
  store: store.create(),
  xcom: { backend },
  home: config.home,
});
if (act === "write") {
  const { state } = await engine.run("keep_values", { runId: runIds[0] });
  console.log(JSON.stringify({ state }));
} else {
  const answers: unknown[] = [];
  for (const runId of runIds) answers.push(await valuesOf(runId).catch(told));
  console.log(JSON.stringify({ answers }));
}

/** Every value that the run has kept. */
async function valuesOf(runId: string): Promise<{ readonly values: readonly unknown[] }> {
  return { values: await Promise.all(keys.map((key) => engine.xcom("keep_values", runId, "make", { key }))) };
}

function told(error: unknown): unknown {
  if (!isMillraceError(error)) throw error;
  const { code, message, cure } = error;
  return { code, message, cure };
}
