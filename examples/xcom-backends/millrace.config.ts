import { fileURLToPath } from "node:url";
import { defineConfig } from "@millrace/core";
import { file } from "@millrace/xcom-file";
import { gzip } from "@millrace/xcom-gzip";
import { hybrid } from "@millrace/xcom-hybrid";

// What the comparison itself passes on: samples of up to 16 MB, all of them made up, so nothing is encrypted. How a real
// installation is configured stands in deploy/millrace.config.ts.
export default defineConfig({
  dags: "./dags",
  store: ["@millrace/store-sqlite", { path: ".millrace/millrace.db" }],
  xcom: {
    // A package that takes live parts is given them as objects; one that takes plain options can be named as a text, as in
    // backend: ["@millrace/xcom-gzip", ["@millrace/xcom-file", { dir: "./xcom" }]].
    backend: hybrid({
      compress: gzip({ algorithm: "zstd" }),
      place: file({ dir: fileURLToPath(new URL(".millrace/xcom", import.meta.url)) }),
    }),
  },
});
