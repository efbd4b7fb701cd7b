import { mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The text of a config with a place that keeps values as files named after their address, in the folder `kept`. */
export const keepingConfig = `import { defineConfig } from "@millrace/core";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { randomUUID } from "node:crypto";
const folder = new URL("./kept/", import.meta.url);
const fileOf = (ref: unknown) => new URL(String(ref).replaceAll(/[^\\w.-]/g, ""), folder);
/** What goes wrong, by a word of the environment. */
const fails = (what: string) => process.env.BREAK === what;
const place = {
  kind: "place" as const,
  name: "kept",
  marker: "_xcom_kept",
  async open() {
    if (fails("open")) throw new Error("no such folder");
    return fails("warn") ? ["The disk is nearly full."] : [];
  },
  async put(bytes: Uint8Array, address: object) {
    if (fails("put")) throw new Error("the disk is full");
    await mkdir(folder, { recursive: true });
    const ref = Buffer.from(JSON.stringify(address)).toString("base64url") + "." + randomUUID();
    await writeFile(fileOf(ref), bytes);
    return { _xcom_kept: true, v: 1, ref };
  },
  async get({ ref }: { readonly ref?: unknown }) {
    if (fails("get")) throw new Error("the disk is away");
    return readFile(fileOf(ref));
  },
  async putStream(source: AsyncIterable<Uint8Array>, address: object) {
    const pieces: Uint8Array[] = [];
    for await (const piece of source) pieces.push(piece);
    return this.put(Buffer.concat(pieces), address);
  },
  async *getStream(envelope: { readonly ref?: unknown }) {
    yield await this.get(envelope);
  },
  refOf: ({ ref }: { readonly ref?: unknown }) => String(ref),
  async remove(refs: readonly string[]) {
    if (fails("remove")) throw new Error("the disk is read-only");
    if (fails("forget")) return;
    for (const ref of refs) await rm(fileOf(ref), { force: true });
  },
  async *list() {
    for (const ref of await readdir(folder).catch(() => [])) {
      const { size, mtimeMs } = await stat(fileOf(ref));
      const address = JSON.parse(Buffer.from(ref.split(".")[0] ?? "", "base64url").toString());
      yield { ref, address, sizeBytes: size, createdAt: mtimeMs, isPartial: ref.endsWith(".tmp") };
    }
  },
};
if (fails("stream")) Object.assign(place, { putStream: undefined, getStream: undefined });
export default defineConfig({ xcom: { backend: [place] } });
`;

/** What is kept in a project, by the keys of the values. */
export function keptKeys(folder: string): readonly string[] {
  return readdirSync(join(folder, "kept"))
    .map((name) => JSON.parse(Buffer.from(name.split(".")[0] ?? "", "base64url").toString()).key as string)
    .sort();
}

/** Leaves a value behind that no row leads to. */
export function leaveBehind(folder: string, address: object, ending = "left"): void {
  mkdirSync(join(folder, "kept"), { recursive: true });
  writeFileSync(
    join(folder, "kept", `${Buffer.from(JSON.stringify(address)).toString("base64url")}.${ending}`),
    "12345",
  );
}

/** Makes everything that is kept two days old. */
export function age(folder: string): void {
  const then = Date.now() / 1_000 - 2 * 86_400;
  for (const name of readdirSync(join(folder, "kept"))) utimesSync(join(folder, "kept", name), then, then);
}
