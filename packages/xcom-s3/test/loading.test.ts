import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test("naming the package, and making a place, loads no AWS SDK; the first request does", {
  timeout: 60_000,
}, async () => {
  const program = `
    import { registerHooks } from "node:module";
    const loaded = new Set();
    registerHooks({ resolve(name, context, next) { if (/^@(aws-sdk|smithy)/.test(name)) loaded.add(name); return next(name, context); } });
    const { s3, manifest } = await import(${JSON.stringify(fileURLToPath(new URL("../src/index.ts", import.meta.url)))});
    manifest.create({ bucket: "values" }, { home: "/", baseDir: "/", env: {} });
    const place = s3({ bucket: "values", endpoint: "http://127.0.0.1:1", deadlineMs: 1 });
    const before = loaded.size;
    await place.open().catch(() => undefined);
    console.log(before, loaded.has("@aws-sdk/client-s3"));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--conditions=millrace-source",
    "--input-type=module",
    "--eval",
    program,
  ]);
  expect(stdout.trim()).toBe("0 true");
});
