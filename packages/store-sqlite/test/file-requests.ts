// Files requests as a client of the database named, one after the other, and says on its output which are filed.
import { writeSync } from "node:fs";
import { sqlite } from "../src/index.ts";

const [path = "", name = "", count = "0"] = process.argv.slice(2);
const store = sqlite({ path, busyLimitMs: 60_000 });
await store.open("client");
for (let number = 1; number <= Number(count); number++) {
  const request = {
    kind: "fileRequest",
    requestId: `${name} ${number}`,
    operation: "test",
    payload: "{}",
    at: 1,
  } as const;
  const [filed] = await store.commit([request]);
  // As somebody who has not heard the answer would.
  const [again] = number % 10 === 0 ? await store.commit([request]) : [filed];
  if (filed?.status !== "filed" || again?.status !== "filed" || again.requestNo !== filed.requestNo)
    throw new Error(`request ${number} was not filed once`);
  writeSync(1, `${number} ${filed.requestNo}\n`);
}
await store.close();
