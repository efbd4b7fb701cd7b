import { defineConfig } from "@millrace/core";

export default defineConfig({
  dags: "./dags",
  store: ["@millrace/store-sqlite", { path: ".millrace/millrace.db" }],
  pools: { gateway: 2 },
});
