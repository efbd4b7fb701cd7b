import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import {
  chmod,
  cp,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import {
  type XComEnvelope,
  type XComPieces,
  type XComPlace,
  type XComSource,
  type XComStage,
  xcomBackend,
} from "@millrace/core/plugin";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { file } from "./file.ts";

const now = Date.UTC(2024, 0, 15, 14, 30, 22, 123);
const clock = { now: () => now };
const address = { dagId: "sales", runId: "2024-01-15", taskId: "extract", mapIndex: -1, key: "rows" };
const text = Buffer.from(JSON.stringify({ rows: Array.from({ length: 1_000 }, (_, id) => ({ id })) }));
let base: string;
let dir: string;

beforeEach(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), "xcom-file-")));
  dir = join(base, "xcom");
});
afterEach(() => rm(base, { recursive: true }));

async function kept(bytes: Uint8Array = text, at = address): Promise<XComEnvelope> {
  return (await file({ dir, clock }).put(bytes, at, undefined)) as XComEnvelope;
}

function sourceOf(pieces: readonly Uint8Array[], before: (n: number) => unknown = () => {}): XComSource {
  const whole = Buffer.concat(pieces);
  const head = whole.subarray(0, 65_536);
  return {
    head,
    isWhole: head.length === whole.length,
    async *[Symbol.asyncIterator]() {
      for (const [n, piece] of pieces.entries()) {
        await before(n);
        yield piece;
      }
    },
  };
}

function streamed(place: XComPlace, envelope: XComEnvelope): XComPieces {
  return (place as Required<XComPlace>).getStream(envelope, address);
}

async function whole(pieces: XComPieces): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

describe("file", () => {
  it("says in the envelope where the value is, how large, of when, and how it is checked", async () => {
    const envelope = await file({ dir, clock }).put(text, address, undefined, { recordCount: 1 });
    const path = expect.stringMatching(
      /^dag=sales\/run=2024-01-15\/task=extract\/key=rows,map=-1,20240115t143022123z,[0-9a-f]{32}\.xcom$/,
    );
    expect(envelope).toEqual({
      _xcom_file_backend: true,
      v: 1,
      filepath: join(dir, String(envelope?.path)),
      path,
      size_bytes: text.length,
      record_count: 1,
      created_at: "2024-01-15T14:30:22.123Z",
      checksum: createHash("sha256").update(text).digest("hex"),
      checksum_algorithm: "sha256",
    });
    expect(await readFile(String(envelope?.filepath))).toEqual(text);
  });

  it("checks by MD5 or SHA-512 where that is asked for, and reads files of every algorithm", async () => {
    for (const checksum of ["md5", "sha512", "sha256"] as const) {
      const envelope = (await file({ dir, checksum }).put(text, address, undefined)) as XComEnvelope;
      expect(envelope).toMatchObject({
        checksum: createHash(checksum).update(text).digest("hex"),
        checksum_algorithm: checksum,
      });
      expect(await file({ dir }).get(envelope, address)).toEqual(text);
    }
  });

  it("leaves in the store what has no more bytes than the threshold, and makes no folder for it", async () => {
    const place = file({ dir, thresholdBytes: 10 });
    expect(await place.put(Buffer.alloc(10), address, undefined)).toBeUndefined();
    const unread = sourceOf([Buffer.alloc(10)], () => expect.unreachable("a source that is declined is not read"));
    expect(await place.putStream?.(unread, address)).toBeUndefined();
    expect(existsSync(dir)).toBe(false);
    expect(await place.put(Buffer.alloc(11), address, undefined)).toBeDefined();
    expect(await place.putStream?.(sourceOf([Buffer.alloc(11)]), address)).toBeDefined();
    expect(await file({ dir }).put(Buffer.alloc(1_024), address, undefined)).toBeUndefined();
    expect(await file({ dir }).put(Buffer.alloc(1_025), address, undefined)).toBeDefined();
  });

  it("keeps files and folders from other users", async () => {
    const { path } = await kept();
    const parts = String(path).split("/");
    for (let depth = 0; depth < parts.length; depth++)
      expect((await stat(join(dir, ...parts.slice(0, depth)))).mode & 0o777).toBe(0o700);
    expect((await stat(join(dir, String(path)))).mode & 0o777).toBe(0o600);
  });

  it("tells lost, cut and altered files apart, wherever the damage is", async () => {
    const large = Buffer.alloc(600_000, "0123456789abcdef");
    const place = file({ dir });
    const codeOf = async (reading: Promise<unknown>): Promise<string> => {
      return reading.then(
        () => "read",
        (error) => error.code,
      );
    };
    const property = fc.asyncProperty(fc.nat(large.length - 1), fc.nat(7), fc.boolean(), async (at, bit, cut) => {
      const envelope = await kept(large);
      const path = String(envelope.filepath);
      if (cut) await truncate(path, at);
      else {
        const bytes = Buffer.from(large);
        bytes[at] ^= 1 << bit;
        await writeFile(path, bytes);
      }
      const wanted = cut ? "XCOM_FILE_TRUNCATED" : "XCOM_FILE_ALTERED";
      expect(await codeOf(place.get(envelope, address))).toBe(wanted);
      expect(await codeOf(whole(streamed(place, envelope)))).toBe(wanted);
      await rm(path);
      expect(await codeOf(place.get(envelope, address))).toBe("XCOM_FILE_MISSING");
    });
    await fc.assert(property, {
      seed: 4,
      numRuns: 20,
      examples: [
        [0, 0, false],
        [large.length - 1, 7, false],
        [0, 0, true],
        [large.length - 1, 0, true],
        [262_144, 0, true],
      ],
    });
    const envelope = await kept(large);
    await writeFile(String(envelope.filepath), Buffer.concat([large, Buffer.from("x")]));
    expect(await codeOf(place.get(envelope, address))).toBe("XCOM_FILE_ALTERED");
    await rm(dir, { recursive: true });
    expect(await codeOf(file({ dir }).get(envelope, address))).toBe("XCOM_FILE_MISSING");
  });

  it("refuses an envelope that leads to the value of another address, though file and checksum are right", async () => {
    const envelope = await kept(text, { ...address, key: "salaries" });
    await expect(file({ dir }).get(envelope, address)).rejects.toMatchObject({ code: "XCOM_FILE_REFERENCE_INVALID" });
    for (const other of [{ taskId: "load" }, { runId: "x" }, { dagId: "sale" }, { mapIndex: 0 }])
      await expect(file({ dir }).get(envelope, { ...address, key: "salaries", ...other })).rejects.toMatchObject({
        code: "XCOM_FILE_REFERENCE_INVALID",
      });
  });

  it("reads what was moved: as a whole, or from folders that were its folder once, which it leaves alone", async () => {
    const first = await kept();
    const old = join(base, "old");
    await rename(dir, old);
    expect(await file({ dir: old }).get(first, address)).toEqual(text);
    const older = join(base, "older");
    await cp(old, older, { recursive: true });
    await rm(old, { recursive: true });
    await expect(file({ dir }).get(first, address)).rejects.toMatchObject({
      code: "XCOM_FILE_MISSING",
      message: expect.stringContaining(dir),
    });

    const place = file({ dir, alsoRead: [old, older] });
    const second = (await place.put(text, address, undefined)) as XComEnvelope;
    expect(await place.get(first, address)).toEqual(text);
    expect(await whole(streamed(place, first))).toEqual(text);
    expect(await place.get(second, address)).toEqual(text);
    await place.remove([place.refOf(first)]);
    expect(await place.get(first, address)).toEqual(text);
    // What is there and wrong is not looked for elsewhere.
    await truncate(join(older, String(first.path)), 5);
    await cp(older, dir, { recursive: true });
    await cp(dir, old, { recursive: true });
    await writeFile(join(old, String(first.path)), text);
    await expect(place.get(first, address)).rejects.toMatchObject({ code: "XCOM_FILE_TRUNCATED" });
  });

  it("leaves nothing of a stream that breaks or is given up, not even folders", async () => {
    const place = file({ dir });
    const pieces = Array.from({ length: 5 }, () => Buffer.alloc(100_000));
    for (const at of [0, 3]) {
      const broken = sourceOf(pieces, (n) => {
        if (n === at) throw new Error("the source broke");
      });
      await expect(place.putStream?.(broken, address)).rejects.toThrow("the source broke");
      const controller = new AbortController();
      const aborted = sourceOf(pieces, (n) => n === at && controller.abort(new Error("given up")));
      await expect(place.putStream?.(aborted, address, { signal: controller.signal })).rejects.toThrow("given up");
    }
    const aborted = { signal: AbortSignal.abort(new Error("given up")) };
    await expect(place.put(text, address, undefined, aborted)).rejects.toThrow("given up");
    expect(await readdir(dir)).toEqual([]);
    const envelope = await kept();
    await expect(place.get(envelope, address, aborted)).rejects.toThrow("given up");
  });

  it("leaves nothing of a value that is given up at the last moment", async () => {
    // The signal is looked at before each piece and after the file is there.
    for (const looks of [1, 2, 3, 4]) {
      let left = looks;
      const reason = new Error("given up");
      const signal = {
        get aborted() {
          return left-- <= 0;
        },
        reason,
        throwIfAborted() {
          if (left-- <= 0) throw reason;
        },
      } as unknown as AbortSignal;
      const put = file({ dir }).put(text, address, undefined, { signal });
      if (looks === 4) await put;
      else await expect(put).rejects.toThrow("given up");
      expect(await readdir(dir)).toEqual(looks === 4 ? ["dag=sales"] : []);
    }
  });

  it("keeps two values apart that race for one address", async () => {
    const values = Array.from({ length: 30 }, (_, n) => Buffer.alloc(2_000 + n, String(n)));
    const places = [file({ dir, clock }), file({ dir, clock })];
    const envelopes = await Promise.all(values.map((bytes, n) => places[n % 2]?.put(bytes, address, undefined)));
    expect(new Set(envelopes.map((envelope) => envelope?.path)).size).toBe(values.length);
    for (const [n, envelope] of envelopes.entries())
      expect(await places[0]?.get(envelope as XComEnvelope, address)).toEqual(values[n]);
  });

  it("is the end of a stack, of values and of what they were made into", async () => {
    const stage = (name: string): XComStage => ({
      kind: "stage",
      name,
      marker: `_xcom_${name}`,
      bytesField: "data",
      effect: "other",
      write: async (bytes) => ({ envelope: { [`_xcom_${name}`]: true }, bytes: deflateRawSync(bytes, { level: 0 }) }),
      read: async (bytes) => inflateRawSync(bytes),
    });
    const backend = xcomBackend([stage("first"), stage("second"), file({ dir })]);
    const value = { rows: Array.from({ length: 500 }, (_, id) => ({ id, at: new Date(id) })) };
    const stored = JSON.parse(JSON.stringify(await backend.serialize(value, address)));
    expect(stored).toMatchObject({
      _xcom_file_backend: true,
      inner: { _xcom_second: true, inner: { _xcom_first: true } },
    });
    expect(await backend.deserialize(stored, address)).toEqual(value);
    await backend.purge(stored);
    expect(await readdir(dir)).toEqual([]);
  });

  it("tells wrong options from right ones", () => {
    const wrong = [
      { dir: "" },
      { dir: 7 },
      { dir: "a\0b" },
      { alsoRead: "x" },
      { alsoRead: [""] },
      { thresholdBytes: -1 },
      { thresholdBytes: 1.5 },
      { checksum: "crc32" },
      { checksum: "constructor" },
    ];
    for (const options of wrong)
      expect(() => file({ dir, ...options } as never), JSON.stringify(options)).toThrowError(
        expect.objectContaining({ code: "XCOM_FILE_OPTION_INVALID" }),
      );
  });

  it("says before it is used what would fail later and what a person should know", async () => {
    expect(await file({ dir }).open?.()).toEqual([]);
    expect(await readdir(dir)).toEqual([]);
    await writeFile(join(base, "occupied"), "");
    await expect(file({ dir: join(base, "occupied") }).open?.()).rejects.toMatchObject({
      code: "XCOM_FILE_DIR_INVALID",
    });
    await expect(file({ dir: join(base, "occupied", "x") }).open?.()).rejects.toMatchObject({
      code: "XCOM_FILE_DIR_INVALID",
    });
    const notes = await file({ dir: base, alsoRead: [join(base, "gone"), dir] }).open?.();
    expect(notes).toEqual([expect.stringContaining(join(base, "gone"))]);
    await chmod(base, 0o750);
    expect(await file({ dir: base }).open?.()).toEqual([expect.stringContaining("mode 750")]);
  });
});
