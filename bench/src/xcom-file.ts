import { createHash } from "node:crypto";
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { file } from "@millrace/xcom-file";
import type { Contest } from "./xcom-races.ts";
import { benchAddress } from "./xcom-values.ts";

/** The file place beside the least that keeps bytes durably, and beside the least that reads them and knows them again. */
export function fileContests(folder: string): readonly Contest[] {
  const place = file({ dir: join(folder, "xcoms"), thresholdBytes: 0 });
  const bareFolder = join(folder, "bare");
  let count = 0;
  const writing: Contest = {
    id: "xcomFile",
    name: "XCom file place",
    against: "bare write, fsync, rename and hash",
    isSlow: true,
    target: () => ({ ratioAtLeast: 0.85 }),
    async races(bytes) {
      await mkdir(bareFolder, { recursive: true });
      return {
        write: {
          bare: () => writeBare(join(bareFolder, `${count++}`), bytes),
          part: () => place.put(bytes, benchAddress, undefined),
        },
      };
    },
  };
  // What it does beyond the bare read is to make sure of the file: nobody set a target for that.
  const reading: Contest = {
    id: "xcomFileRead",
    name: "XCom file place, reading",
    against: "bare read and hash",
    isSlow: true,
    target: () => undefined,
    async races(bytes) {
      await mkdir(bareFolder, { recursive: true });
      const envelope = await place.put(bytes, benchAddress, undefined);
      if (!envelope) throw new Error("the file place has declined");
      const path = join(bareFolder, `${count++}`);
      const checksum = await writeBare(path, bytes);
      return { read: { bare: () => readBare(path, checksum), part: () => place.get(envelope, benchAddress) } };
    },
  };
  return [writing, reading];
}

async function writeBare(path: string, bytes: Buffer): Promise<string> {
  const checksum = createHash("sha256").update(bytes).digest("hex");
  const handle = await open(`${path}.part`, "wx", 0o600);
  await handle.writeFile(bytes);
  await handle.sync();
  await handle.close();
  await rename(`${path}.part`, path);
  const folder = await open(join(path, ".."), "r");
  await folder.sync();
  await folder.close();
  return checksum;
}

async function readBare(path: string, checksum: string): Promise<Buffer> {
  const bytes = await readFile(path);
  if (createHash("sha256").update(bytes).digest("hex") !== checksum) throw new Error("the bare file differs");
  return bytes;
}
