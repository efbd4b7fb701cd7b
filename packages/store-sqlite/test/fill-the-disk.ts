// Writes to a database in a folder that has little room, until there is none, then makes room and goes on.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMillraceError } from "@millrace/core/plugin";
import { check, sqlite } from "../src/index.ts";

const folder = process.argv[2] ?? "";
const path = join(folder, "millrace.db");
const ballast = join(folder, "ballast");
writeFileSync(ballast, Buffer.alloc(700_000));

const store = sqlite({ path });
await store.open("engine");
const stored: number[] = [];
let refusals = 0;
for (let number = 0; number < 4_000 && refusals < 5; number++) {
  const value = `${number} ${"x".repeat(900)}`;
  try {
    await store.commit([{ kind: "putSetting", key: `k${number}`, value, at: 1 }], {
      durability: number % 2 === 0 ? "full" : "normal",
    });
    stored.push(number);
  } catch (error) {
    if (!isMillraceError(error, "STORE_FULL")) throw error;
    if (refusals++ === 2) rmSync(ballast);
  }
}
const before = stored.length;
for (const number of stored) {
  if (!(await store.settings.get(`k${number}`))?.startsWith(`${number} `)) throw new Error(`k${number} was lost`);
}
await store.close().catch((error: unknown) => {
  if (!isMillraceError(error, "STORE_FULL")) throw error;
});
rmSync(ballast, { force: true });
const { problems } = await check({ path });
console.log(JSON.stringify({ stored: before, refusals, problems: problems.map(({ message }) => message) }));
