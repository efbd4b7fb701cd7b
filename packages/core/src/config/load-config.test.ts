import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadConfig } from "./load-config.ts";

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "millrace-config-")));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string): string => {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
  return path;
};

describe("loadConfig", () => {
  it("has a default for everything, without any file", async () => {
    const config = await loadConfig({ cwd: folder, env: {} });
    expect(config).toMatchObject({
      path: undefined,
      baseDir: folder,
      home: join(folder, ".millrace"),
      dags: join(folder, "dags"),
      store: "@millrace/store-sqlite",
      pools: {},
      concurrency: undefined,
    });
    expect(config.xcom).toEqual({ backend: [], parts: {}, maxValueBytes: undefined });
  });

  it.each(["ts", "mts", "js", "mjs"])("finds millrace.config.%s from a folder below", async (ending) => {
    const path = write(`millrace.config.${ending}`, `export default { dags: "./flows", concurrency: 3 };`);
    const below = join(folder, "a", "b");
    mkdirSync(below, { recursive: true });
    const config = await loadConfig({ cwd: below, env: {} });
    expect(config).toMatchObject({
      path,
      baseDir: folder,
      dags: join(folder, "flows"),
      home: join(folder, ".millrace"),
      concurrency: 3,
    });
  });

  it("hands on how long XCom parts may take, from the file or the environment", async () => {
    write("millrace.config.mjs", `export default { xcom: { timeout: "3m" } };`);
    expect((await loadConfig({ cwd: folder, env: {} })).xcom.timeout).toBe("3m");
    expect((await loadConfig({ cwd: folder, env: { MILLRACE_XCOM_TIMEOUT: "4m" } })).xcom.timeout).toBe("4m");
    await expect(loadConfig({ cwd: folder, env: { MILLRACE_XCOM_TIMEOUT: "soon" } })).rejects.toThrow(
      "MILLRACE_XCOM_TIMEOUT",
    );
  });

  it("hands on what is said of threads, and where it was said", async () => {
    write(
      "millrace.config.mjs",
      `export default { threads: { max: 3, env: ["REGION"] }, killGrace: { seconds: 9 }, maxCrashes: 5 };`,
    );
    const config = await loadConfig({ cwd: folder, env: {} });
    expect([config.threads, config.killGrace, config.maxCrashes]).toEqual([
      { max: 3, env: ["REGION"] },
      { seconds: 9 },
      5,
    ]);
    expect([...config.origins.keys()].sort()).toEqual(["killGrace", "maxCrashes", "threads.env", "threads.max"]);
  });

  it("takes limits of threads from both, one by one, and refuses them under the name of their variable", async () => {
    write(
      "millrace.config.mjs",
      "export default { threads: { max: 2, maxMemoryMb: 64 }, killGrace: '1s', maxCrashes: 9 };",
    );
    const env = { MILLRACE_THREADS_MAX_MEMORY_MB: "128", MILLRACE_KILL_GRACE: "2m", MILLRACE_MAX_CRASHES: "1" };
    const config = await loadConfig({ cwd: folder, env });
    expect(config).toMatchObject({ threads: { max: 2, maxMemoryMb: 128 }, killGrace: "2m", maxCrashes: 1 });
    expect(config.origins.get("threads.max")).toEqual({ source: "file" });
    expect(config.origins.get("threads.maxMemoryMb")).toEqual({
      source: "env",
      name: "MILLRACE_THREADS_MAX_MEMORY_MB",
    });
    await expect(loadConfig({ cwd: folder, env: { MILLRACE_THREADS_MAX: "0" } })).rejects.toThrow(
      "MILLRACE_THREADS_MAX is 0, but a whole number from 1 to 10000 is expected",
    );
    await expect(loadConfig({ cwd: folder, env: { MILLRACE_KILL_GRACE: "soon" } })).rejects.toThrow(
      'MILLRACE_KILL_GRACE is "soon", but a duration',
    );
  });

  it("takes the nearest of two", async () => {
    write("millrace.config.mjs", "export default { concurrency: 1 };");
    write("inner/millrace.config.mjs", "export default { concurrency: 2 };");
    expect((await loadConfig({ cwd: join(folder, "inner"), env: {} })).concurrency).toBe(2);
  });

  it("lets the environment beat the file and flags beat both, and remembers who won", async () => {
    write(
      "millrace.config.mjs",
      `export default { concurrency: 1, home: "./kept", dags: "./a", xcom: { backend: "from-file" } };`,
    );
    const config = await loadConfig({
      cwd: folder,
      env: {
        MILLRACE_CONCURRENCY: "2",
        MILLRACE_HOME: "from-env",
        MILLRACE_XCOM_BACKEND: "x-gzip, x-file",
        MILLRACE_STORE: "",
      },
      flags: { home: "from-flag", store: "memory" },
    });
    expect(config.concurrency).toBe(2);
    expect(config.home).toBe(join(folder, "from-flag"));
    expect(config.store).toBe("memory");
    expect(config.xcom.backend).toEqual(["x-gzip", "x-file"]);
    expect(Object.fromEntries(config.origins)).toEqual({
      concurrency: { source: "env", name: "MILLRACE_CONCURRENCY" },
      home: { source: "flag", name: "--home" },
      dags: { source: "file" },
      store: { source: "flag", name: "--store" },
      "xcom.backend": { source: "env", name: "MILLRACE_XCOM_BACKEND" },
    });
  });

  it("names the variable of a value that the environment has wrong, together with the file's mistakes", async () => {
    write("millrace.config.mjs", "export default { pools: { p: 0 } };");
    const error = await loadConfig({ cwd: folder, env: { MILLRACE_CONCURRENCY: "-3" } }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: "CONFIG_INVALID" });
    expect((error as Error).message).toContain('MILLRACE_CONCURRENCY is "-3"');
    expect((error as Error).message).toContain("pools.p is 0");
  });

  it("takes the file that is asked for, by flag or by environment, or its folder", async () => {
    const path = write("other/settings.mjs", "export default { concurrency: 9 };");
    write("third/millrace.config.mjs", "export default { concurrency: 7 };");
    expect((await loadConfig({ cwd: folder, config: "other/settings.mjs", env: {} })).path).toBe(path);
    expect((await loadConfig({ cwd: folder, env: { MILLRACE_CONFIG: "other/settings.mjs" } })).concurrency).toBe(9);
    expect((await loadConfig({ cwd: folder, config: "third", env: {} })).concurrency).toBe(7);
  });

  it("says so when the file that was asked for is not there", async () => {
    await expect(loadConfig({ cwd: folder, config: "nowhere.ts", env: {} })).rejects.toMatchObject({
      code: "CONFIG_NOT_FOUND",
    });
  });

  it("says why a file could not be loaded", async () => {
    write("millrace.config.mjs", `throw new Error("no luck");`);
    await expect(loadConfig({ cwd: folder, env: {} })).rejects.toMatchObject({
      code: "CONFIG_LOAD_FAILED",
      message: expect.stringContaining("no luck"),
    });
    write("millrace.config.ts", "export const config = {};");
    await expect(loadConfig({ cwd: folder, env: {} })).rejects.toMatchObject({
      code: "CONFIG_LOAD_FAILED",
      message: expect.stringContaining("no default export"),
    });
  });
});
