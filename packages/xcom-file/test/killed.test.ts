import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { PlacedXCom, XComAddress, XComEnvelope, XComPlace } from "@millrace/core/plugin";
import { file } from "@millrace/xcom-file";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const address = { dagId: "sales", runId: "r1", taskId: "extract", mapIndex: -1, key: "rows" };
let dir: string;
let place: Required<XComPlace>;

beforeEach(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), "xcom-killed-")));
  place = file({ dir }) as Required<XComPlace>;
});
afterEach(() => rm(dir, { recursive: true }));

/** What a writing process said until it was killed, after so many lines. */
async function saidUntilKilled(what: string, lines: number): Promise<unknown[]> {
  const script = join(import.meta.dirname, "write-until-killed.ts");
  const child = spawn(process.execPath, ["--conditions=millrace-source", script, dir, what], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const said: unknown[] = [];
  for await (const line of createInterface(child.stdout)) {
    said.push(JSON.parse(line));
    if (said.length === lines) child.kill("SIGKILL");
  }
  if (child.signalCode === null) await once(child, "exit");
  expect(child.signalCode).toBe("SIGKILL");
  return said;
}

async function listed(): Promise<PlacedXCom[]> {
  const all: PlacedXCom[] = [];
  for await (const one of place.list()) all.push(one);
  return all;
}

describe("a process that is killed", { timeout: 60_000 }, () => {
  it("in the middle of a stream leaves a file that is listed as unfinished, can be removed, and is led to by nothing", async () => {
    await saidUntilKilled("stream", 1);
    const [leftover, ...others] = await listed();
    expect(leftover).toMatchObject({ address, isPartial: true, sizeBytes: 400_000 });
    expect(others).toEqual([]);
    await place.remove([(leftover as PlacedXCom).ref]);
    expect(await readdir(dir)).toEqual([]);
  });

  it("between a value and its row leaves a whole file that is listed, can be removed, and disturbs no second attempt", async () => {
    await saidUntilKilled("row", 1);
    const [orphan, ...others] = await listed();
    expect(orphan).toMatchObject({ address, isPartial: false, sizeBytes: 200_000 });
    expect(others).toEqual([]);
    const second = (await place.put(Buffer.alloc(2_000, 2), address, undefined)) as XComEnvelope;
    await place.remove([(orphan as PlacedXCom).ref]);
    expect((await listed()).map(({ ref }) => ref)).toEqual([place.refOf(second)]);
    expect(await place.get(second, address)).toEqual(Buffer.alloc(2_000, 2));
  });

  it.each([1, 23])(
    "at any moment (after %i values) has kept whole what it said, and nothing by halves",
    async (after) => {
      const said = (await saidUntilKilled("many", after)) as { at: XComAddress; envelope: XComEnvelope }[];
      expect(said.length).toBeGreaterThanOrEqual(after);
      for (const { at, envelope } of said)
        expect(valueNumber(at.mapIndex).equals(await place.get(envelope, at)), JSON.stringify(at)).toBe(true);
      const all = await listed();
      const whole = all.filter(({ isPartial }) => !isPartial);
      for (const { address: at, sizeBytes } of whole) expect(sizeBytes).toBe(valueNumber(at?.mapIndex ?? 0).length);
      // Four at a time are written: no more than these were under way.
      expect(all.length - said.length).toBeLessThanOrEqual(4);
      await place.remove(all.map(({ ref }) => ref));
      expect(await readdir(dir)).toEqual([]);
    },
  );
});

const valueNumber = (n: number): Buffer => Buffer.alloc(100_000 + n, (n % 255) + 1);
