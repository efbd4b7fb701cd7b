// An engine and its XComs on a disk that has no room, until somebody makes some.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dag } from "@millrace/core";
import { createEngine } from "@millrace/core/engine";
import { isMillraceError } from "@millrace/core/plugin";
import { checkHistory } from "@millrace/testing";
import { check, sqlite } from "../../src/index.ts";
import { valuesIn } from "./left-behind.ts";

const [folder = "", what] = process.argv.slice(2);
const path = join(folder, "millrace.db");
const ballast = join(folder, "ballast");
const tasks = 8;
/** Values that are small stay in the database, large ones become files. */
const size = what === "files" ? 120_000 : 900;
const refusals = { store: 0, files: 0 };
/** After the fourth refusal there is room again. */
const refused = (who: keyof typeof refusals): void => {
  refusals[who]++;
  if (refusals.store + refusals.files === 4) rmSync(ballast);
};

const large = dag("large", { defaults: { retries: { max: 100, delay: "20ms", backoff: "fixed" } } }, (d) => {
  const parts = Array.from({ length: tasks }, (_, number) =>
    d.task(`part_${number}`, async ({ xcom }) => {
      for (let key = 0; key < 30 && what !== "files"; key++) await xcom.push(`k${key}`, "x".repeat(size));
      return `${number}`.repeat(size);
    }),
  );
  d.task("all", { input: parts }, ({ input }) => input.map((part) => part.length));
});
const store = sqlite({ path });
const commit = store.commit.bind(store);
store.commit = async (changes, options) => {
  try {
    return await commit(changes, options);
  } catch (error) {
    if (!isMillraceError(error, "STORE_FULL")) throw error;
    refused("store");
    throw error;
  }
};
const place = valuesIn(folder);
const put: typeof place.put = async (...args) => {
  try {
    return await place.put(...args);
  } catch (error) {
    refused("files");
    throw error;
  }
};

const engine = await createEngine({
  dags: [large],
  store,
  home: folder,
  xcom: { backend: [{ ...place, put }] },
  concurrency: 2,
});
// What is left after this is not enough for the run.
writeFileSync(ballast, Buffer.alloc(what === "files" ? 1_500_000 : 1_700_000));
const result = await engine.run(large, { runId: "r" });
const sizes = await result.xcom("all");
const history = await checkHistory(store, { dags: [large] });
await engine.close();
const { problems } = await check({ path });
console.log(JSON.stringify({ state: result.state, sizes, refusals, history, problems }));
