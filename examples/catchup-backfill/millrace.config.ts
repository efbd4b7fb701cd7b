import { backfillService } from "@millrace/backfill";
import { defineConfig } from "@millrace/core";
import { notifyService } from "@millrace/notify";
import { peopleChannel } from "./src/people/people-channel.ts";
import { gatewayPool } from "./src/system-recovery-processing.ts";
import { worldOfProject } from "./src/world.ts";

export default defineConfig({
  dags: "./dags",
  store: ["@millrace/store-sqlite", { path: ".millrace/millrace.db" }],
  pools: { [gatewayPool.name]: gatewayPool.slots },
  services: [backfillService(), notifyService({ channels: { people: peopleChannel(worldOfProject()) } })],
});
