// Reads a database in a folder that cannot be written, and tries to write to it in every way.
import { join } from "node:path";
import { isMillraceError } from "@millrace/core/plugin";
import { check, migrate, sqlite } from "../src/index.ts";

const path = join(process.argv[2] ?? "", "millrace.db");
const codeOf = (error: unknown) => (isMillraceError(error) ? error.code : String(error));
const reader = sqlite({ path });
await reader.open("reader");
const colour = await reader.settings.get("colour");
await reader.close();
const client = sqlite({ path });
await client.open("client");
const filed = await client
  .commit([{ kind: "fileRequest", requestId: "a", operation: "pause", payload: "{}", at: 1 }])
  .then(() => "filed", codeOf);
await client.close();
const { problems } = await check({ path });
const engine = await sqlite({ path })
  .open("engine")
  .then(() => "opened", codeOf);
const migrated = await migrate({ path }).then(() => "migrated", codeOf);
const newFile = await sqlite({ path: `${path}.new` })
  .open("engine")
  .then(() => "opened", codeOf);
console.log(JSON.stringify({ colour, problems: problems.map(codeOf), filed, engine, migrate: migrated, newFile }));
