import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { startS3Server } from "@millrace/testing/s3";
import { expect, test } from "vitest";
import { keptValues, ProjectFolder } from "./project-folder.ts";

// Each process here is a Node of its own: what is read has come out of the database and out of nothing else.

const [gzip, aes, file, s3] = ["gzip", "aes-gcm", "file", "s3"].map((name) => `@millrace/xcom-${name}`);
const oneKey = () => randomBytes(32).toString("base64");

const keys = `{ keys: { env: "MILLRACE_XCOM_ENCRYPTION_KEYS" } }`;
const allKept = (runs: readonly string[]) => runs.map(() => ({ values: keptValues }));

async function projectWithBucket() {
  const server = await startS3Server();
  const env = {
    AWS_ACCESS_KEY_ID: server.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
    MILLRACE_XCOM_ENCRYPTION_KEYS: `first:${oneKey()}`,
    MILLRACE_XCOM_S3_BUCKET: server.bucket,
    MILLRACE_XCOM_S3_ENDPOINT: server.endpoint,
    MILLRACE_XCOM_S3_REGION: server.region,
  };
  const project = new ProjectFolder(env);
  return {
    server,
    project,
    async [Symbol.asyncDispose]() {
      project[Symbol.dispose]();
      await server.close();
    },
  };
}

test("a project goes from gzip to AES to files to S3 by one variable, and reads all that it ever kept", async () => {
  await using scene = await projectWithBucket();
  const { project, server } = scene;
  project.configure(`{ parts: { "${gzip}": {}, "${aes}": ${keys}, "${file}": {}, "${s3}": {} } }`);
  const writers = {
    plain: "none",
    by_gzip: gzip,
    by_aes: aes,
    by_file: file,
    by_s3: s3,
    by_all: [gzip, aes, s3].join(","),
  };
  for (const [runId, backend] of Object.entries(writers))
    await project.write(runId, { MILLRACE_XCOM_BACKEND: backend });
  const runs = Object.keys(writers);
  expect(await project.read(runs, { MILLRACE_XCOM_BACKEND: gzip })).toEqual(allKept(runs));
  expect(server.objects.size).toBeGreaterThan(0);
  expect(existsSync(join(project.path, ".millrace", "xcom"))).toBe(true);

  // Whoever names the parts nowhere any more is told which package and which options to add.
  project.configure("{}");
  const [plain, ...others] = await project.read(runs);
  expect([plain]).toEqual(allKept(["plain"]));
  const missing = [
    [gzip, "no option"],
    [aes, "'keys'"],
    [file, "'dir'"],
    [s3, "'bucket'"],
  ];
  for (const [at, [name, option]] of missing.entries()) {
    expect(others[at]).toMatchObject({ code: "XCOM_READER_MISSING" });
    expect(others[at]?.cure).toContain(name);
    expect(others[at]?.cure).toContain(option);
  }
  expect(JSON.stringify(others)).not.toContain("kept by nobody");
});

test("the same by the config file: the part that was taken out of backend is named under parts", async () => {
  await using scene = await projectWithBucket();
  const { project } = scene;
  project.configure(`{ backend: "${gzip}" }`);
  await project.write("by_gzip");
  project.configure(`{ backend: ["${aes}"], parts: { "${gzip}": {}, "${aes}": ${keys} } }`);
  await project.write("by_aes");
  project.configure(`{ backend: [["${file}", { dir: "./kept" }]], parts: { "${gzip}": {}, "${aes}": ${keys} } }`);
  await project.write("by_file");
  expect(await project.read(["by_gzip", "by_aes", "by_file"])).toEqual(allKept(["by_gzip", "by_aes", "by_file"]));
  expect(existsSync(join(project.path, "kept"))).toBe(true);
});

test("a key that is gone is told by its id, and the values are back with the key", async () => {
  await using scene = await projectWithBucket();
  const { project } = scene;
  project.configure(`{ backend: [["${aes}", { keys: { env: "MILLRACE_XCOM_ENCRYPTION_KEYS" } }]] }`);
  const old = `first:${oneKey()}`;
  await project.write("before", { MILLRACE_XCOM_ENCRYPTION_KEYS: old });
  const rotated = `second:${oneKey()}`;
  const [answer] = await project.read(["before"], { MILLRACE_XCOM_ENCRYPTION_KEYS: rotated });
  expect(answer).toMatchObject({ code: "XCOM_KEY_MISSING" });
  expect(`${answer?.message} ${answer?.cure}`).toContain("first");
  expect(JSON.stringify(answer)).not.toContain(old.slice(6, 20));
  expect(await project.read(["before"], { MILLRACE_XCOM_ENCRYPTION_KEYS: `${rotated},${old}` })).toEqual(
    allKept(["before"]),
  );
});

test("a project that lets hybrid choose reads what single parts kept before, and they read what hybrid kept", async () => {
  await using scene = await projectWithBucket();
  const { project } = scene;
  project.configure(`{ backend: "${gzip}" }`);
  await project.write("before");
  const imports = `(await import("${gzip}")).gzip(), encrypt: (await import("${aes}")).aesGcm(${keys})`;
  project.configure(`{ backend: [["@millrace/xcom-hybrid", { compress: ${imports} }]] }`);
  await project.write("by_hybrid");
  expect(await project.read(["before", "by_hybrid"])).toEqual(allKept(["before", "by_hybrid"]));
  project.configure(`{ backend: "${gzip}", parts: { "${aes}": ${keys}, "@millrace/xcom-hybrid": {} } }`);
  expect(await project.read(["before", "by_hybrid"])).toEqual(allKept(["before", "by_hybrid"]));
});
