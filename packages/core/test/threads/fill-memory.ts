// A process of its own: tasks in threads that need more memory than there is, in every way, and others that go on meanwhile.
import { createEngine } from "@millrace/core/engine";
import { memoryStore } from "@millrace/core/plugin";
import { bundledDags } from "./bundled-dags.ts";

const ways: Readonly<Record<string, string>> = {
  lists: "const all = []; for (;;) all.push(new Array(10_000).fill(all.length));",
  longLists: "const all = []; for (;;) all.push(new Array(30_000_000).fill(all.length));",
  map: "const all = new Map(); for (let n = 0; ; n++) all.set(n, { n });",
  record: "const all = {}; for (let n = 0; ; n++) all['key' + n] = n;",
  texts:
    "const all = []; for (;;) { const text = ('x' + all.length).repeat(20_000_000); Buffer.from(text); all.push(text); }",
  buffers: "const all = []; for (;;) all.push(Buffer.alloc(10_000_000, 1));",
  parsing: "const all = []; for (;;) all.push(JSON.parse('[' + '1,'.repeat(3_000_000) + '1]'));",
};
const { thread } = await bundledDags(
  `${Object.entries(ways)
    .map(([id, body]) => `d.task("${id}", (): void => { ${body} });`)
    .join("\n")}
  d.task("goes_on", { retries: 0 }, async ({ state }) => {
    for (let turn = 0; turn < 100; turn++) await state.set("turn", turn);
    return "well";
  });`
    .replaceAll("const all = []", "const all: unknown[] = []")
    .replaceAll("const all = {}", "const all: Record<string, number> = {}"),
);
const store = memoryStore();
const engine = await createEngine({ dags: [thread], store, threads: { max: 2, maxMemoryMb: 128 } });
// What the allocator keeps after the first time is there to be used again.
await engine.run(thread);
const before = process.memoryUsage.rss();
await engine.run(thread);
const { tasks } = await engine.run(thread);
const grownMb = (process.memoryUsage.rss() - before) / 1_048_576;
await engine.close();
const ends = Object.fromEntries(Object.entries(tasks).map(([id, { state, error }]) => [id, error?.code ?? state]));
console.log(JSON.stringify({ ends, grownMb }));
