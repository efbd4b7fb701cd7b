import { definePlugin } from "@millrace/core/plugin";
import { z } from "zod";
import { backfillService } from "./control/backfill-service.ts";

/** By this the package can be named in `services` of a config file. */
export const manifest = definePlugin({
  kind: "service",
  name: "@millrace/backfill",
  contractVersion: 1,
  options: z.strictObject({}),
  create: () => backfillService(),
});
