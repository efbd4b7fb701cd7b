// Serves the shop's gateway and a webhook for `millrace start`, each on a free port, and notes where: `npm run serve`.
// The gateway can be told how to be: curl -X POST '<gateway>/mode?is=down' (up, down, slow, lying)
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { instant } from "./report/number-format.ts";
import { startGateway } from "./source-system/gateway.ts";
import { startWebhook } from "./story/webhook.ts";
import { worldOfProject } from "./world.ts";

const world = worldOfProject();
mkdirSync(world.folder, { recursive: true });
await using gateway = await startGateway(world);
await using people = await startWebhook(world.clock, ({ at, text }) => console.log(`${instant(at)} ${text}`));
const addresses = { gateway: gateway.url, webhook: people.url };
for (const [name, url] of Object.entries(addresses)) writeFileSync(join(world.folder, `${name}.url`), url);

console.log(`gateway  ${gateway.url}`);
console.log(`webhook  ${people.url}: what it is told is printed here`);
console.log(`\nTo break it: curl -X POST '${gateway.url}/mode?is=down' (or slow, lying, up). Ctrl-C ends it.\n`);
await new Promise<void>((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
});
for (const name of Object.keys(addresses)) rmSync(join(world.folder, `${name}.url`), { force: true });
