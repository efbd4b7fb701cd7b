import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fileSecrets } from "./file-provider.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-secrets-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const { signal } = new AbortController();
const listOf = async (provider: ReturnType<typeof fileSecrets>) => provider.list?.({ signal });
const fileWith = (text: string | Uint8Array, mode = 0o600): ReturnType<typeof fileSecrets> => {
  const path = join(folder, "secrets.yaml");
  writeFileSync(path, text);
  chmodSync(path, mode);
  return fileSecrets({ path });
};

/** So many names that stand for the value `a`. */
const aliases = (count: number): string => Array.from({ length: count }, (_, n) => `  n${n}: *a\n`).join("");

describe("a secrets file", () => {
  it("may use aliases, but not without end", async () => {
    const provider = fileWith(`secrets:\n  a: &a hunter2\n${aliases(50)}`);
    expect(await provider.get("secret", "n49", { signal })).toBe("hunter2");
  });

  it("gives values by name, from YAML and from JSON", async () => {
    const yaml = fileWith("secrets:\n  api-token: abc\nconnections:\n  shop: {type: http, host: h, port: 80}\n");
    expect(await yaml.get("secret", "api-token", { signal })).toBe("abc");
    expect(await yaml.get("connection", "shop", { signal })).toEqual({ type: "http", host: "h", port: 80 });
    expect(await yaml.get("secret", "shop", { signal })).toBeUndefined();
    expect(await yaml.get("secret", "constructor", { signal })).toBeUndefined();
    expect(await yaml.list?.({ signal })).toEqual([
      { kind: "secret", name: "api-token" },
      { kind: "connection", name: "shop" },
    ]);
    expect(await fileWith('{"secrets":{"a":"b"}}').get("secret", "a", { signal })).toBe("b");
    expect(await fileWith("").list?.({ signal })).toEqual([]);
  });

  it("is read anew, so that a value that was changed is found", async () => {
    const provider = fileWith("secrets: {a: one}");
    expect(await provider.get("secret", "a", { signal })).toBe("one");
    fileWith("secrets: {a: two}");
    expect(await provider.get("secret", "a", { signal })).toBe("two");
  });

  it.runIf(process.platform !== "win32").each([0o640, 0o604, 0o620, 0o666, 0o610])(
    "that others have rights on is refused, with the command that takes them (%o)",
    async (mode) => {
      const provider = fileWith("secrets: {a: hunter2}", mode);
      await expect(provider.get("secret", "a", { signal })).rejects.toMatchObject({
        code: "SECRETS_FILE_OPEN",
        message: expect.stringContaining(`mode 0${mode.toString(8)}`) as unknown,
        cure: expect.stringContaining(`chmod 600 ${folder}`) as unknown,
      });
      await expect(provider.list?.({ signal })).rejects.toMatchObject({ code: "SECRETS_FILE_OPEN" });
    },
  );

  it.runIf(process.platform !== "win32")("is judged by the rights of the file that a link leads to", async () => {
    fileWith("secrets: {a: hunter2}", 0o644);
    const link = join(folder, "link.yaml");
    symlinkSync(join(folder, "secrets.yaml"), link);
    await expect(fileSecrets({ path: link }).get("secret", "a", { signal })).rejects.toMatchObject({
      code: "SECRETS_FILE_OPEN",
    });
  });

  it.each([
    ["broken YAML", "secrets: {a: hunter2"],
    ["a tab", "secrets:\n\ta: hunter2"],
    ["the same name twice", "secrets:\n  a: hunter2\n  a: hunter2"],
    ["a list", "[hunter2]"],
    ["a text", "hunter2"],
    ["another group", "secrets: {}\nhunter2: {}"],
    ["a group that is a text", "secrets: hunter2"],
    ["a wrong name", "secrets: {Hunter2: x}"],
    ["__proto__", '{"secrets":{"__proto__":{"hunter2":"x"}}}'],
    ["many aliases", `secrets:\n  a: &a hunter2\n${aliases(101)}`],
    ["bytes that are no text", Uint8Array.of(0x73, 0xff, 0xfe)],
    ["too many bytes", `secrets: {a: "${"hunter2".repeat(200_000)}"}`],
  ])("with %s is refused without being shown", async (_, text) => {
    const error: unknown = await listOf(fileWith(text)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "SECRETS_FILE_INVALID" });
    expect(String((error as Error).stack)).not.toMatch(/hunter2/i);
  });

  it("that is larger than memory may be is not read", async () => {
    const provider = fileWith("");
    truncateSync(join(folder, "secrets.yaml"), 3 * 2 ** 30);
    await expect(listOf(provider)).rejects.toMatchObject({
      code: "SECRETS_FILE_INVALID",
      message: expect.stringContaining("it has 3221225472 bytes") as unknown,
    });
  });

  it("does not grow without end where aliases stand in aliases", async () => {
    const levels = Array.from({ length: 12 }, (_, n) => `l${n + 1}: &l${n + 1} [${`*l${n},`.repeat(9)}]`);
    const bomb = `secrets:\n  l0: &l0 hunter2\n  ${levels.join("\n  ")}`;
    await expect(listOf(fileWith(bomb))).rejects.toMatchObject({ code: "SECRETS_FILE_INVALID" });
  });

  it("that is not there, or is no plain file, is refused and not waited for", async () => {
    await expect(fileSecrets({ path: join(folder, "none") }).get("secret", "a", { signal })).rejects.toMatchObject({
      code: "SECRETS_FILE_INVALID",
      message: expect.stringContaining("ENOENT") as unknown,
    });
    await expect(fileSecrets({ path: folder }).get("secret", "a", { signal })).rejects.toMatchObject({
      code: "SECRETS_FILE_INVALID",
    });
    if (process.platform === "win32") return;
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", ["-m", "600", pipe]);
    await expect(fileSecrets({ path: pipe }).get("secret", "a", { signal })).rejects.toMatchObject({
      code: "SECRETS_FILE_INVALID",
      message: expect.stringContaining("no plain file") as unknown,
    });
  });
});
