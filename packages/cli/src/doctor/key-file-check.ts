import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { messageOf } from "@millrace/core/plugin";
import type { Check, Finding } from "./finding.ts";

/** What a passphrase must have at least; a key of 32 bytes is longer in every form. */
const shortestKey = 16;
const mostBytes = 1_000_000;

/** Files that the config names as places of keys: `keys: { file: "…" }` in the options of a part. */
export const keyFileCheck: Check = {
  name: "keys",
  async look(session) {
    const { xcom, store, baseDir } = await session.config();
    const options = [
      ...Object.values(xcom.parts),
      ...[...xcom.backend, store].flatMap((entry) => (Array.isArray(entry) ? [entry[1]] : [])),
    ];
    const files = new Set(options.flatMap((each) => keyFilesOf(each)));
    return [...files].map((file) => judgeKeyFile(resolve(baseDir, file)));
  },
};

function keyFilesOf(options: unknown): readonly string[] {
  if (typeof options !== "object" || options === null) return [];
  return Object.entries(options).flatMap(([name, value]) => {
    if (!/keys?$/i.test(name) || typeof value !== "object" || value === null) return [];
    const { file } = value as { readonly file?: unknown };
    return typeof file === "string" ? [file] : [];
  });
}

export function judgeKeyFile(path: string): Finding {
  const bad = (says: string, cure: string): Finding => ({ check: "keys", level: "bad", says, cure });
  let mode: number;
  let text: string;
  try {
    const found = statSync(path);
    if (!found.isFile() || found.size > mostBytes) throw new Error("it is no file of keys");
    mode = found.mode;
    text = readFileSync(path, "utf8");
  } catch (error) {
    return bad(
      `The key file ${path} cannot be read: ${messageOf(error)}`,
      "Put the file there, or correct the config.",
    );
  }
  if ((mode & 0o077) !== 0 && process.platform !== "win32")
    return bad(`The key file ${path} can be read by others (mode ${(mode & 0o777).toString(8)})`, `chmod 600 ${path}`);
  if (text.trim().length < shortestKey)
    return bad(
      `The key file ${path} holds neither a key of 32 bytes nor a passphrase of ${shortestKey} characters`,
      "Make one: `openssl rand -base64 32`, and keep the old ones in the file as long as values need them.",
    );
  return { check: "keys", level: "good", says: `The key file ${path} is this user's alone` };
}
