// Makes a database smaller on a disk that has too little room for it, and then enough.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMillraceError } from "@millrace/core/plugin";
import { check, sqlite, vacuum } from "../src/index.ts";

const [folder = ""] = process.argv.slice(2);
const path = join(folder, "millrace.db");
const text = "x".repeat(100_000);
const put = (key: number, value: string | null) => ({ kind: "putSetting", key: `k${key}`, value, at: 0 }) as const;

async function write(first: number, last: number, value: string | null): Promise<void> {
  const store = sqlite({ path });
  await store.open("engine");
  for (let key = first; key <= last; key++) await store.commit([put(key, value)]);
  await store.close();
}

async function look(): Promise<unknown> {
  const store = sqlite({ path });
  await store.open("reader");
  let found = 0;
  for (let key = 1; key <= 6; key++) if ((await store.settings.get(`k${key}`)) === text) found++;
  await store.close();
  return { found, problems: (await check({ path })).problems.map(String) };
}

await write(1, 6, text);
const ballast = join(folder, "ballast");
writeFileSync(ballast, Buffer.alloc(900_000));
const refusal = await vacuum({ path }).catch((error: unknown) => (isMillraceError(error) ? error.code : String(error)));
const afterRefusal = await look();
rmSync(ballast);
await write(1, 5, null);
const { sizeBeforeBytes, sizeBytes } = await vacuum({ path });
console.log(JSON.stringify({ refusal, afterRefusal, sizeBeforeBytes, sizeBytes, afterwards: await look() }));
