import { execFileSync } from "node:child_process";
import {
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  symlink,
  unlink,
  writeFile,
} from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { XComEnvelope, XComPlace, XComSource } from "@millrace/core/plugin";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { placeOf } from "../src/place/file.ts";
import { checkedOptions } from "../src/place/options.ts";

const address = { dagId: "sales", runId: "r1", taskId: "extract", mapIndex: -1, key: "rows" };
const text = Buffer.alloc(200_000, "all work and no play ");
const outsideError = expect.objectContaining({ code: "XCOM_FILE_OUTSIDE" });

describe.each([true, false])("what is no plain file of the tree (folders held by descriptor: %s)", (byDescriptor) => {
  let base: string;
  let dir: string;
  let elsewhere: string;
  let place: Required<XComPlace>;

  beforeEach(async () => {
    base = await realpath(await mkdtemp(join(tmpdir(), "xcom-links-")));
    dir = join(base, "xcom");
    elsewhere = join(base, "elsewhere");
    await mkdir(elsewhere);
    place = placeOf(checkedOptions({ dir }), { byDescriptor }) as Required<XComPlace>;
  });
  afterEach(() => rm(base, { recursive: true }));

  const kept = async (): Promise<XComEnvelope> => (await place.put(text, address, undefined)) as XComEnvelope;

  async function expectUnreadable(envelope: XComEnvelope): Promise<void> {
    await expect(place.get(envelope, address)).rejects.toEqual(outsideError);
    const reading = place.getStream(envelope, address)[Symbol.asyncIterator]();
    await expect(reading.next()).rejects.toEqual(outsideError);
  }

  it("is not read: a symbolic link, a hard link, a pipe, a socket, a folder", async () => {
    const envelope = await kept();
    const path = String(envelope.filepath);
    const copy = join(elsewhere, "copy");
    await rename(path, copy);
    await symlink(copy, path);
    await expectUnreadable(envelope);
    await unlink(path);
    await link(copy, path);
    await expectUnreadable(envelope);
    await unlink(path);
    execFileSync("mkfifo", [path]);
    await expectUnreadable(envelope);
    await unlink(path);
    await mkdir(path);
    await expectUnreadable(envelope);
    await rm(path, { recursive: true });
    const server = createServer();
    // The name of a socket may have 107 bytes: it is made by a shorter one.
    await new Promise<void>((done) => server.listen(join(base, "s"), done));
    await rename(join(base, "s"), path);
    await expectUnreadable(envelope);
    await new Promise((done) => server.close(done));
    await rm(path, { force: true });
    await rename(copy, path);
    expect(await place.get(envelope, address)).toEqual(text);
  });

  it("is not read through a folder that is a link, nor through a file in a folder's place", async () => {
    const envelope = await kept();
    for (const depth of [1, 2, 3]) {
      const folder = join(dir, ...String(envelope.path).split("/").slice(0, depth));
      await rename(folder, join(elsewhere, "moved"));
      await symlink(join(elsewhere, "moved"), folder);
      await expectUnreadable(envelope);
      await unlink(folder);
      await writeFile(folder, "");
      await expectUnreadable(envelope);
      await unlink(folder);
      await rename(join(elsewhere, "moved"), folder);
    }
    expect(await place.get(envelope, address)).toEqual(text);
  });

  it("is not written to through a planted folder, nor is anything made there", async () => {
    const segments = ["dag=sales", "run=r1", "task=extract"];
    // Whatever the link stands for, there are folders behind it that go on as they should.
    const behind = join(base, "behind");
    for (const depth of [0, 1, 2]) await mkdir(join(behind, ...segments.slice(depth)), { recursive: true });
    for (const depth of [0, 1, 2]) {
      const parent = join(dir, ...segments.slice(0, depth));
      await mkdir(parent, { recursive: true });
      for (const target of [elsewhere, behind, join(base, "dangling")]) {
        await symlink(target, join(parent, segments[depth] as string));
        await expect(place.put(text, address, undefined)).rejects.toEqual(outsideError);
        await unlink(join(parent, segments[depth] as string));
      }
      await writeFile(join(parent, segments[depth] as string), "in the way");
      await expect(place.put(text, address, undefined)).rejects.toMatchObject({ code: "XCOM_FILE_OUTSIDE" });
      expect(await readFile(join(parent, segments[depth] as string), "utf8")).toBe("in the way");
      await unlink(join(parent, segments[depth] as string));
    }
    expect(await readdir(elsewhere)).toEqual([]);
    const made = await readdir(behind, { recursive: true });
    expect(made.filter((path) => !/=[a-z0-9]+$/.test(path))).toEqual([]);
    expect((await readdir(base)).sort()).toEqual(["behind", "elsewhere", "xcom"]);
  });

  it.each([1, 2, 3, 0])("is refused when a folder is exchanged while a stream is written (depth %i)", async (depth) => {
    const folder = join(dir, ...["dag=sales", "run=r1", "task=extract"].slice(0, depth));
    const source: XComSource = {
      head: text.subarray(0, 65_536),
      isWhole: false,
      async *[Symbol.asyncIterator]() {
        yield text;
        await rename(folder, join(base, "moved"));
        await mkdir(join(elsewhere, "run=r1", "task=extract"), { recursive: true });
        await mkdir(join(elsewhere, "task=extract"));
        await symlink(elsewhere, folder);
        yield text;
      },
    };
    await expect(place.putStream(source, address)).rejects.toMatchObject({
      code: expect.stringMatching(/^XCOM_FILE_(OUTSIDE|IO_FAILED)$/),
    });
    const files = async (of: string) =>
      (await readdir(of, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    expect(await files(elsewhere)).toEqual([]);
    // Without descriptors nobody can reach what was moved away: it stays there as a leftover.
    if (byDescriptor) expect(await files(join(base, "moved"))).toEqual([]);
  });

  it("is refused when another file is put under the hidden name while a stream is written", async () => {
    const victim = join(elsewhere, "victim");
    await writeFile(victim, "precious");
    const source: XComSource = {
      head: text.subarray(0, 65_536),
      isWhole: false,
      async *[Symbol.asyncIterator]() {
        yield text;
        const folder = join(dir, "dag=sales", "run=r1", "task=extract");
        const [hidden] = await readdir(folder);
        await unlink(join(folder, hidden as string));
        await symlink(victim, join(folder, hidden as string));
        yield text;
      },
    };
    await expect(place.putStream(source, address)).rejects.toEqual(outsideError);
    expect(await readFile(victim, "utf8")).toBe("precious");
    expect(await readdir(dir)).toEqual([]);
  });

  it("never makes a file elsewhere while somebody exchanges folders as fast as they can", async () => {
    const folder = join(dir, "dag=sales");
    let isOver = false;
    const exchange = async (): Promise<void> => {
      for (let n = 0; !isOver; n++) {
        await rename(folder, join(base, `aside-${n}`)).catch(() => undefined);
        await symlink(elsewhere, folder).catch(() => undefined);
        await unlink(folder).catch(() => undefined);
        // Long enough now and then for a file to be written.
        for (let turns = (n % 20) ** 2; turns > 0; turns--) await new Promise(setImmediate);
      }
    };
    const exchanging = exchange();
    const refused: string[] = [];
    for (let n = 0; n < 60; n++)
      await place
        .put(text, { ...address, taskId: `t${n % 7}` }, undefined)
        .catch((error: { code: string }) => refused.push(error.code));
    isOver = true;
    await exchanging;
    for (const code of refused) expect(code).toMatch(/^XCOM_FILE_(OUTSIDE|IO_FAILED)$/);
    if (byDescriptor) expect(await readdir(elsewhere)).toEqual([]);
  });

  it("is not removed: links stay, and so does what they lead to", async () => {
    const envelope = await kept();
    const path = String(envelope.filepath);
    const copy = join(elsewhere, "copy");
    await rename(path, copy);
    await symlink(copy, path);
    const ref = place.refOf(envelope);
    await expect(place.remove([ref])).rejects.toEqual(outsideError);
    await unlink(path);
    await mkdir(path);
    await expect(place.remove([ref])).rejects.toEqual(outsideError);
    await rm(path, { recursive: true });

    // A planted folder leads to a file of the right name.
    await rename(copy, path);
    for (const folder of [dirname(path), dirname(dirname(path)), dirname(dirname(dirname(path)))]) {
      await rename(folder, join(elsewhere, "moved"));
      await symlink(join(elsewhere, "moved"), folder);
      await expect(place.remove([ref])).rejects.toEqual(outsideError);
      await unlink(folder);
      await rename(join(elsewhere, "moved"), folder);
    }
    expect(await place.get(envelope, address)).toEqual(text);

    // What is right is removed all the same, and the first failure is told.
    const other = (await place.put(text, { ...address, taskId: "other" }, undefined)) as XComEnvelope;
    await expect(place.remove(["../../etc/passwd", ref, place.refOf(other)])).rejects.toMatchObject({
      code: "XCOM_FILE_REFERENCE_INVALID",
    });
    await expect(place.get(other, { ...address, taskId: "other" })).rejects.toMatchObject({
      code: "XCOM_FILE_MISSING",
    });
  });

  it("is not listed, and listing does not leave the tree", async () => {
    const envelope = await kept();
    await writeFile(join(elsewhere, "x"), "");
    await symlink(dir, join(dir, "dag=loop"));
    await symlink(elsewhere, join(dir, "dag=sales", "run=elsewhere"));
    await symlink(String(envelope.filepath), `${envelope.filepath}`.replace("key=rows", "key=link"));
    await writeFile(join(dir, "dag=sales", "notes.txt"), "");
    const refs: string[] = [];
    for await (const { ref } of place.list()) refs.push(ref);
    expect(refs).toEqual([place.refOf(envelope)]);
  });

  it("lets go of its files and folders, however writing and reading end", async () => {
    const open = async () =>
      (
        await Promise.all((await readdir("/proc/self/fd")).map((fd) => realpath(`/proc/self/fd/${fd}`).catch(() => "")))
      ).filter((path) => path.startsWith(base));
    const envelope = await kept();
    for await (const _ of place.getStream(envelope, address)) break;
    for await (const _ of place.list()) break;
    await place.get({ ...envelope, checksum: "0".repeat(64) }, address).catch(() => undefined);
    await place.get({ ...envelope, size_bytes: 1 }, address).catch(() => undefined);
    const aborted = { signal: AbortSignal.abort() };
    await place.get(envelope, address, aborted).catch(() => undefined);
    await place.put(text, address, undefined, aborted).catch(() => undefined);
    await place.remove([place.refOf(envelope)]);
    expect(await open()).toEqual([]);
  });
});
