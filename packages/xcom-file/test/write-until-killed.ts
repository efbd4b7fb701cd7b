// Run by a test, which kills it. Says on a line of its own what it has done, and goes on only as far as it is told to.
import { file } from "@millrace/xcom-file";

const [dir = "", what = ""] = process.argv.slice(2);
const place = file({ dir }) as Required<ReturnType<typeof file>>;
const address = { dagId: "sales", runId: "r1", taskId: "extract", mapIndex: -1, key: "rows" };
const say = (said: unknown) => process.stdout.write(`${JSON.stringify(said)}\n`);
// Keeps the process alive while it waits to be killed.
process.stdin.resume();
const forever = new Promise<never>(() => {});

if (what === "stream") {
  async function* pieces() {
    yield Buffer.alloc(200_000, 1);
    yield Buffer.alloc(200_000, 1);
    say("two pieces are written");
    await forever;
  }
  await place.putStream({ head: Buffer.alloc(65_536, 1), isWhole: false, [Symbol.asyncIterator]: pieces }, address);
}
if (what === "row") {
  await place.put(Buffer.alloc(200_000, 1), address, undefined);
  say("the value is put, and its row is not");
  await forever;
}
if (what === "many") {
  const one = async (lane: number): Promise<void> => {
    for (let n = 0; ; n++) {
      const at = { ...address, taskId: `t${lane}`, mapIndex: n };
      say({ at, envelope: await place.put(Buffer.alloc(100_000 + n, (n % 255) + 1), at, undefined) });
    }
  };
  await Promise.all([0, 1, 2, 3].map(one));
}
