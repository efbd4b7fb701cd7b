import { readFile } from "node:fs/promises";
import { startS3Server } from "@millrace/testing/s3";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import dagFile from "../dags/xcom-backends-comparison.ts";
import { backendNames } from "../src/backends/candidates.ts";
import { makeSample, sampleKinds, sampleSpecs } from "../src/data/samples.ts";
import type { FaultOutcome } from "../src/faults/fault.ts";
import { faultNames } from "../src/faults/faults.ts";
import type { Measurement } from "../src/measure/measurement.ts";
import type { ReportFiles } from "../src/report/write-reports.ts";
import { type FinishedRun, runComparison } from "./run-comparison.ts";

const maxBytes = 10_240;
let server: Awaited<ReturnType<typeof startS3Server>>;
let run: FinishedRun;
let measurements: readonly Measurement[];

beforeAll(async () => {
  server = await startS3Server();
  vi.stubEnv("AWS_ACCESS_KEY_ID", server.accessKeyId);
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", server.secretAccessKey);
  const { bucket, region, endpoint } = server;
  run = await runComparison({ max_bytes: maxBytes, budget_ms: 0, bucket: { bucket, region, endpoint } });
  measurements = ((await run.result.xcom("measure_backend")) as (readonly Measurement[])[]).flat();
});

afterAll(async () => {
  await run?.[Symbol.asyncDispose]();
  await server?.close();
  vi.unstubAllEnvs();
});

test("every backend gives every kind of data back as it was", () => {
  expect(run.result.state).toBe("success");
  const pairs = measurements.map(({ backend, kind }) => `${backend} ${kind}`);
  expect(new Set(pairs)).toEqual(new Set(backendNames.flatMap((name) => sampleKinds.map((kind) => `${name} ${kind}`))));
  expect(measurements.length).toBe(backendNames.length * sampleSpecs(maxBytes).length);
});

test("each backend does what it is for", () => {
  const of = (backend: string, sample: string): Measurement =>
    measurements.find((one) => one.backend === backend && one.sample === sample) as Measurement;
  for (const one of measurements.filter(({ backend }) => backend === "as_is"))
    expect([one.row_bytes, one.outside_bytes, one.parts]).toEqual([one.json_bytes, 0, []]);
  expect(of("gzip", "repetitive_10KB").row_bytes).toBeLessThan(500);
  expect(of("gzip", "config_100B").parts).toEqual([]);
  expect(of("aes_gcm", "config_100B").parts).toEqual(["_xcom_encrypted"]);
  expect(of("gzip_aes", "structured_10KB").parts).toEqual(["_xcom_compressed", "_xcom_encrypted"]);
  expect(of("hybrid", "sensitive_1KB").choice?.method).toContain("encrypt");
  expect(of("hybrid", "structured_10KB").choice?.method).toBe("compress");
  expect(of("hybrid", "config_100B").choice).toBeUndefined();
});

test("everything that can go wrong is told by the error that was expected, and mended", async () => {
  const outcomes = (await run.result.xcom("try_fault")) as readonly FaultOutcome[];
  expect(outcomes.map(({ fault }) => fault)).toEqual(faultNames);
  expect(outcomes.every(({ is_mended }) => is_mended)).toBe(true);
});

test("both reports name every backend and every error, and show nothing of the data", async () => {
  const files = (await run.result.xcom("compare_backends")) as ReportFiles;
  const secrets = sampleSpecs(maxBytes)
    .filter(({ kind }) => kind === "sensitive")
    .flatMap((spec) =>
      (makeSample(spec, 20_240_115) as { readonly password: string }[]).map(({ password }) => password),
    );
  expect(secrets.length).toBeGreaterThan(50);
  for (const text of [await readFile(files.html, "utf8"), await readFile(files.markdown, "utf8")]) {
    for (const name of ["gzip → AES", "hybrid", "XCOM_DECRYPTION_FAILED", "XCOM_READER_MISSING"])
      expect(text).toContain(name);
    for (const secret of secrets) expect(text).not.toContain(secret);
    expect(text).not.toMatch(/undefined|NaN|\[object/);
  }
});

test("the DAG file defines the comparison", () => {
  expect(dagFile.id).toBe("xcom_backends_comparison");
});
