import { spawnSync } from "node:child_process";
import { chmod, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { XComEnvelope } from "@millrace/core/plugin";
import { file } from "@millrace/xcom-file";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { canMount, runOnReadOnlyDisk, runOnSmallDisk } from "./small-disk.ts";

const address = { dagId: "sales", runId: "r1", taskId: "extract", mapIndex: -1, key: "rows" };
const text = Buffer.alloc(5_000, "x");
const beginning = `
import { readdirSync } from "node:fs";
import { file } from ${JSON.stringify(new URL("../src/index.ts", import.meta.url).href)};
const dir = process.argv[1];
const place = file({ dir });
const address = ${JSON.stringify(address)};
const outcome = (doing) => doing.then(() => "done", (error) => error.code);
`;
let base: string;

beforeEach(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), "xcom-disks-")));
});
afterEach(async () => {
  await chmod(base, 0o700);
  await rm(base, { recursive: true });
});

// Skipped where a process may not mount file systems that only it sees (no user namespaces).
describe.skipIf(!canMount)("a real disk", { timeout: 60_000 }, () => {
  it("that is full refuses values and streams, keeps nothing of them, and goes on when there is room", () => {
    const program = `${beginning}
    const at = (n) => ({ ...address, taskId: "t" + n });
    const kept = [];
    let refused;
    for (let n = 0; !refused; n++) {
      const bytes = Buffer.alloc(300_000, n);
      await place.put(bytes, at(n), undefined).then((envelope) => kept.push(envelope), (error) => { refused = error.code; });
    }
    async function* pieces() { for (let n = 0; n < 20; n++) yield Buffer.alloc(200_000); }
    const source = { head: Buffer.alloc(65_536), isWhole: false, [Symbol.asyncIterator]: pieces };
    const stream = await outcome(place.putStream(source, address));
    const listed = [];
    for await (const one of place.list()) listed.push(one);
    let right = 0;
    for (const [n, envelope] of kept.entries()) if ((await place.get(envelope, at(n))).every((byte) => byte === n)) right++;
    await place.remove([place.refOf(kept[0])]);
    const afterwards = await outcome(place.put(Buffer.alloc(300_000), at(0), undefined));
    const runs = readdirSync(dir + "/dag=sales/run=r1").length;
    console.log(JSON.stringify({ refused, stream, kept: kept.length, listed: listed.length, right, afterwards, runs }));`;
    const kept = 6;
    expect(runOnSmallDisk(program, base)).toEqual({
      refused: "XCOM_FILE_DISK_FULL",
      stream: "XCOM_FILE_DISK_FULL",
      ...{ kept, listed: kept, right: kept, runs: kept },
      afterwards: "done",
    });
  });

  it("that is read-only is read, and refuses to be written", async () => {
    const envelope = (await file({ dir: base }).put(text, address, undefined)) as XComEnvelope;
    const program = `${beginning}
    const envelope = ${JSON.stringify(envelope)};
    const size = (await place.get(envelope, address)).length;
    const put = await outcome(place.put(Buffer.alloc(5_000), address, undefined));
    const other = await outcome(place.put(Buffer.alloc(5_000), { ...address, dagId: "other" }, undefined));
    const remove = await outcome(place.remove([place.refOf(envelope)]));
    const open = await outcome(place.open());
    console.log(JSON.stringify({ size, put, other, remove, open }));`;
    const denied = "XCOM_FILE_DENIED";
    const expected = { size: text.length, put: denied, other: denied, remove: denied, open: denied };
    expect(runOnReadOnlyDisk(program, base)).toEqual(expected);
  });
});

/** Root may do everything: a test of permissions is made by nobody then. */
const isRoot = process.getuid?.() === 0;
const nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"];
const readsSources = [process.execPath, "--check", import.meta.filename];
const canBeNobody = !isRoot || spawnSync("setpriv", [...nobody, ...readsSources]).status === 0;

// Skipped where root cannot become nobody, or nobody may read this checkout.
it.skipIf(!canBeNobody)("a folder that belongs to somebody else is refused as such", { timeout: 60_000 }, async () => {
  const envelope = (await file({ dir: join(base, "kept") }).put(text, address, undefined)) as XComEnvelope;
  await chmod(base, isRoot ? 0o755 : 0o555);
  if (!isRoot) await chmod(join(base, "kept"), 0o000);
  const program = `${beginning}
  const envelope = ${JSON.stringify(envelope)};
  const get = await outcome(place.get(envelope, address));
  const put = await outcome(place.put(Buffer.alloc(5_000), address, undefined));
  const remove = await outcome(place.remove([place.refOf(envelope)]));
  const list = await outcome(place.list().next());
  const fresh = await outcome(file({ dir: dir + "/../fresh" }).put(Buffer.alloc(5_000), address, undefined));
  console.log(JSON.stringify({ get, put, remove, list, fresh }));`;
  const options = ["--conditions=millrace-source", "--input-type=module", "-e", program, join(base, "kept")];
  const [command, ...args] = isRoot ? ["setpriv", ...nobody, process.execPath] : [process.execPath];
  const { stdout, stderr } = spawnSync(command as string, [...args, ...options], { encoding: "utf8" });
  if (!isRoot) await chmod(join(base, "kept"), 0o700);
  expect(stderr).toBe("");
  const denied = "XCOM_FILE_DENIED";
  const expected = { get: denied, put: denied, remove: denied, list: denied, fresh: "XCOM_FILE_DIR_INVALID" };
  expect(JSON.parse(stdout)).toEqual(expected);
});
