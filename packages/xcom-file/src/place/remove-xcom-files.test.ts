import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PlacedXCom, XComAddress, XComEnvelope, XComPlace, XComScope } from "@millrace/core/plugin";
import { arbitraryHostileId } from "@millrace/testing/arbitraries";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { file } from "./file.ts";
import { type RemoveXComFilesOptions, removeXComFiles } from "./remove-xcom-files.ts";

const text = Buffer.alloc(2_000, "x");
let base: string;
let dir: string;
let now: number;
let place: Required<XComPlace>;

beforeEach(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), "xcom-removing-")));
  dir = join(base, "xcom");
  now = Date.UTC(2024, 0, 15);
  place = file({ dir, clock: { now: () => now } }) as Required<XComPlace>;
});
afterEach(() => rm(base, { recursive: true }));

const address = (dagId: string, runId: string, taskId: string, key = "rows", mapIndex = -1): XComAddress => ({
  ...{ dagId, runId, taskId, mapIndex, key },
});

async function kept(at: XComAddress): Promise<XComEnvelope> {
  return (await place.put(text, at, undefined)) as XComEnvelope;
}

async function listed(scope?: XComScope): Promise<PlacedXCom[]> {
  const all: PlacedXCom[] = [];
  for await (const one of place.list(scope)) all.push(one);
  return all;
}

/** What a process leaves that died while it wrote. */
async function leftover(at: XComAddress): Promise<string> {
  const ref = place.refOf(await kept(at));
  await place.remove([ref]);
  const hidden = `${ref.replace(/[^/]*$/, (name) => `.${name}`)}.part`;
  await mkdir(join(dir, hidden, ".."), { recursive: true });
  await writeFile(join(dir, hidden), "half");
  return hidden;
}

describe("list", () => {
  it("tells of every file what it is of, its size and age, run by run, and of what was never finished", async () => {
    const addresses = ["a", "b", "x".repeat(250)].flatMap((dag) =>
      ["r1", "r2", `${"y".repeat(150)}`].flatMap((run) =>
        ["t1", "t2"].flatMap((task) => [-1, 0, 7].map((index) => address(dag, run, task, `k${index}`, index))),
      ),
    );
    const envelopes = await Promise.all(addresses.map(kept));
    const partial = await leftover(address("a", "r1", "t1"));
    const all = await listed();
    const byRef = (a: { ref: string }, b: { ref: string }) => (a.ref < b.ref ? -1 : 1);
    const expected = addresses.map((at, n) => ({
      ref: place.refOf(envelopes[n] as XComEnvelope),
      address: at,
      sizeBytes: 2_000,
      createdAt: now,
      isPartial: false,
    }));
    const unfinished = {
      ref: partial,
      address: address("a", "r1", "t1"),
      sizeBytes: 4,
      createdAt: now,
      isPartial: true,
    };
    expect(all.toSorted(byRef)).toEqual([...expected, unfinished].toSorted(byRef));

    const runs = all.map((one) => `${one.address?.dagId} ${one.address?.runId}`);
    const changes = runs.filter((run, n) => run !== runs[n - 1]);
    expect(changes).toHaveLength(new Set(runs).size);
  });

  it("tells of one DAG, run or task only what belongs to it, whatever the ids are", async () => {
    const ids = [...new Set(fc.sample(arbitraryHostileId(), { seed: 2, numRuns: 25 }))];
    const addresses = ids.flatMap((id) => [address(id, "r", "t"), address("d", id, "t"), address("d", "r", id)]);
    const refs = await Promise.all(addresses.map(async (at) => place.refOf(await kept(at))));
    const refsOf = async (scope: XComScope) => (await listed(scope)).map(({ ref }) => ref).sort();
    const where = (is: (at: XComAddress) => boolean) => refs.filter((_, n) => is(addresses[n] as XComAddress)).sort();
    for (const id of ids) {
      expect(await refsOf({ dagId: id })).toEqual(where((at) => at.dagId === id));
      expect(await refsOf({ dagId: "d", runId: id })).toEqual(where((at) => at.dagId === "d" && at.runId === id));
      const ofTask = where((at) => at.dagId === "d" && at.runId === "r" && at.taskId === id);
      expect(await refsOf({ dagId: "d", runId: "r", taskId: id })).toEqual(ofTask);
    }
    await expect(listed({ runId: "r" })).rejects.toMatchObject({ code: "XCOM_FILE_OPTION_INVALID" });
    await expect(listed({ dagId: "d", taskId: "t" })).rejects.toMatchObject({ code: "XCOM_FILE_OPTION_INVALID" });
  });

  it("finds nothing where nothing was ever kept", async () => {
    expect(await listed()).toEqual([]);
    await kept(address("a", "r", "t"));
    expect(await listed({ dagId: "other" })).toEqual([]);
  });
});

describe("remove", () => {
  it("takes what list tells, unfinished or not, and leaves no empty folder", async () => {
    await leftover(address("a", "r1", "t1"));
    await Promise.all(["t1", "t2", "t3"].map((task) => kept(address("a", "r1", task))));
    await kept(address("a", "r2", "t1"));
    await place.remove((await listed({ dagId: "a", runId: "r1" })).map(({ ref }) => ref));
    expect(await readdir(join(dir, "dag=a"))).toEqual(["run=r2"]);
    await place.remove((await listed()).map(({ ref }) => ref));
    expect(await readdir(dir)).toEqual([]);
  });

  it("does not make a put fail whose folder it empties", async () => {
    const at = address("a", "r", "t");
    const writing = async (): Promise<void> => {
      for (let n = 0; n < 60; n++) {
        const envelope = await kept(at);
        expect((await place.get(envelope, at)).length).toBe(text.length);
        await place.remove([place.refOf(envelope)]);
      }
    };
    await Promise.all([writing(), writing(), writing()]);
    expect(await readdir(dir)).toEqual([]);
  });
});

describe("removeXComFiles", () => {
  const removed = async (options: Omit<RemoveXComFilesOptions, "dir">) => {
    const would = await removeXComFiles({ dir, ...options, dryRun: true });
    const before = (await listed()).length;
    const did = await removeXComFiles({ dir, ...options });
    expect(would).toEqual(did);
    expect(did).toMatchObject({ failed: [] });
    expect((await listed()).length).toBe(before - did.files);
    return did.files;
  };

  it("removes by task, run, DAG and age; a dry run tells just the same", async () => {
    for (const run of ["r1", "r2", "r3"]) {
      for (const task of ["t1", "t2"]) await kept(address("a", run, task));
      now += 86_400_000;
    }
    await kept(address("b", "r1", "t1"));
    await leftover(address("a", "r3", "t1"));
    expect(await removeXComFiles({ dir, dagId: "a", dryRun: true })).toEqual({
      files: 7,
      sizeBytes: 12_004,
      failed: [],
    });
    expect(await removed({ dagId: "a", runId: "r1", taskId: "t1" })).toBe(1);
    expect(await removed({ olderThan: new Date("2024-01-16T00:00:00Z") })).toBe(1);
    expect(await removed({ dagId: "a", olderThan: new Date("2024-01-17T00:00:00Z") })).toBe(2);
    expect(await removed({ dagId: "a", runId: "r3" })).toBe(3);
    expect(await removed({ dagId: "a" })).toBe(0);
    expect(await removed({ olderThan: new Date(now + 1) })).toBe(1);
    expect(await readdir(dir)).toEqual([]);
    expect(await removeXComFiles({ dir: join(base, "never"), dagId: "a" })).toEqual({
      files: 0,
      sizeBytes: 0,
      failed: [],
    });
  });

  it("with hostile ids removes theirs and nothing else, inside the folder and outside", async () => {
    const precious = join(base, "precious");
    await writeFile(precious, "precious");
    await mkdir(dir);
    await symlink(base, join(dir, "dag=link"));
    await writeFile(join(dir, "readme.txt"), "mine");
    const safe = await kept(address("safe", "safe", "safe"));
    const property = fc.asyncProperty(arbitraryHostileId(), arbitraryHostileId(), async (dagId, runId) => {
      if (dagId === "safe") return;
      await kept(address(dagId, runId, "t"));
      await kept(address(dagId, `${runId}x`, "t"));
      expect(await removed({ dagId, runId })).toBe(1);
      expect(await removed({ dagId, runId: `${runId}x` })).toBe(1);
    });
    await fc.assert(property, { seed: 6, numRuns: 30 });
    expect((await place.get(safe, address("safe", "safe", "safe"))).length).toBe(text.length);
    expect((await readdir(dir)).sort()).toEqual(["dag=link", "dag=safe", "readme.txt"]);
    expect((await readdir(base)).sort()).toEqual(["precious", "xcom"]);
    await removed({ olderThan: new Date(now + 1) });
    expect(await readFile(precious, "utf8")).toBe("precious");
    expect((await readdir(dir)).sort()).toEqual(["dag=link", "readme.txt"]);
  });

  it("refuses what would remove more than was meant", async () => {
    const wrong: object[] = [
      {},
      { runId: "r" },
      { dagId: undefined },
      { dagId: "a", runId: undefined },
      { dagId: "a", taskId: "t" },
      { olderThan: undefined },
      { dagId: "a", olderThan: new Date(Number.NaN) },
      { dagId: 7 },
      { dagId: "a", dir: "" },
    ];
    await kept(address("a", "r", "t"));
    for (const options of wrong)
      await expect(removeXComFiles({ dir, ...options }), JSON.stringify(options)).rejects.toMatchObject({
        code: "XCOM_FILE_OPTION_INVALID",
      });
    expect(await listed()).toHaveLength(1);
  });
});
