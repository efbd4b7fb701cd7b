/** A process with an engine, to be killed: leaves values, or has them renewed while runs read them and leave more. */
import { join } from "node:path";
import { createEngine, type Engine } from "@millrace/core/engine";
import { sqlite } from "@millrace/store-sqlite";
import { file } from "@millrace/xcom-file";
import { aesGcm } from "../../src/index.ts";
import { type Amount, rotationDag, secretOf } from "./rotation-dag.ts";

export interface LifePlan extends Amount {
  readonly folder: string;
  /** The first one writes. */
  readonly keyIds: readonly string[];
  readonly does: "fill" | "rotate" | "check";
  /** Differs between lives. */
  readonly life: number;
  readonly pageSize: number;
}

const plan = JSON.parse(process.argv[2] ?? "") as LifePlan;
const { folder, elements, keys } = plan;
const values = rotationDag(plan);
/** So many runs are cleared again and again. */
const pushedAnew = 3;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

await using engine = await createEngine({
  dags: [values],
  store: sqlite({ path: join(folder, "millrace.db") }),
  home: folder,
  xcom: {
    backend: [
      aesGcm({
        keys: plan.keyIds.map((id) => ({ id, key: Buffer.alloc(32, id).toString("base64") })),
        acceptPlain: false,
      }),
      file({ dir: join(folder, "xcom") }),
    ],
  },
});
await engine.start();
if (plan.does === "fill") await fill(engine);
else if (plan.does === "check") await check(engine);
else await rotate(engine);

async function fill(engine: Engine): Promise<void> {
  say((await engine.run(values, { runId: "fill" })).state);
  for (let number = 0; number < pushedAnew; number++) say((await run(engine, number)).state);
}

function run(engine: Engine, number: number) {
  return engine.run(values, { runId: `run-${number}`, conf: { number } });
}

async function rotate(engine: Engine): Promise<void> {
  let isOver = false;
  const reading = (async () => {
    for (let number = (plan.life + 1) * 10_000; !isOver; number++) {
      const { state, tasks } = await run(engine, number);
      say(state === "success" ? "read" : `wrong: ${JSON.stringify(tasks)}`);
      // Has values pushed anew that are being renewed.
      await engine.clear("values", `run-${number % pushedAnew}`, { tasks: ["make"] });
    }
  })();
  const sum = { renewed: 0, overtaken: 0 };
  for (let after: Parameters<Engine["renewXComs"]>[0] = {}; ; ) {
    const page = await engine.renewXComs({ ...after, limit: plan.pageSize });
    sum.renewed += page.renewed;
    sum.overtaken += page.overtaken;
    for (const { address, code } of page.failed) say(`wrong: ${code} ${JSON.stringify(address)}`);
    say("page");
    if (!page.next) break;
    after = { after: page.next };
  }
  isOver = true;
  await reading;
  say(`done ${JSON.stringify(sum)}`);
}

async function check(engine: Engine): Promise<void> {
  let right = 0;
  const codes = new Set<string>();
  for (let element = 0; element < elements; element++) {
    for (let key = 0; key < keys; key++) {
      try {
        const found = await engine.xcom("values", "fill", "make", { key: `v_${key}`, mapIndex: element });
        if (JSON.stringify(found) === JSON.stringify(secretOf(element, key))) right++;
        else say(`wrong: ${element}-${key} is ${found === undefined ? "gone" : "another value"}`);
      } catch (error) {
        codes.add(String((error as { code?: unknown }).code));
      }
    }
  }
  say(`checked ${right} ${[...codes].join(" ")}`);
}
