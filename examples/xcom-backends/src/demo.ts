// Runs the comparison once by the `millrace` command against an S3 server in memory, and names the report. Params may
// follow as JSON:  npm run demo -- '{"max_bytes":102400}'
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { systemClock } from "@millrace/core";
import { startS3Server } from "@millrace/testing/s3";
import { projectFile, projectFolder } from "./project-files.ts";

await using server = await startS3Server();
const { endpoint, bucket, region, accessKeyId, secretAccessKey } = server;
const params = { bucket: { bucket, region, endpoint }, ...JSON.parse(process.argv[2] ?? "{}") };

console.log("Every XCom backend with six kinds of data, and what can go wrong (about half a minute)");
const program = fileURLToPath(new URL("bin/millrace.mjs", import.meta.resolve("millrace/package.json")));
const runId = `demo_${new Date(systemClock.now()).toISOString().replace(/\.\d+Z$/, "Z")}`;
const command = ["run", "xcom_backends_comparison", "--run-id", runId, "--params", JSON.stringify(params)];
const child = spawn(process.execPath, [...process.execArgv, program, ...command], {
  cwd: projectFolder(),
  stdio: "inherit",
  env: { ...process.env, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
});
const [code] = (await once(child, "exit")) as [number | null];
if (code === 0) console.log(`\nReport: ${projectFile("reports", runId.replaceAll(":", "_"), "xcom-backends.html")}`);
process.exitCode = code ?? 1;
