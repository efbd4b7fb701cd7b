import { promisify } from "node:util";
import { gunzip, gunzipSync, gzip as gzipBytes, gzipSync } from "node:zlib";
import { gzip } from "@millrace/xcom-gzip";
import type { Contest, Race } from "./xcom-races.ts";
import { benchAddress, valueKinds } from "./xcom-values.ts";

const level = 6;
const stage = gzip({ level });
const beside = { gzip: promisify(gzipBytes), gunzip: promisify(gunzip) };
/** Below this zlib is quicker when it is called at once. */
const atOnceBytes = 16_384;

/** The gzip stage beside node:zlib, called in the way that is quicker for the size. */
export const gzipContest: Contest = {
  id: "xcomGzip",
  name: "XCom gzip stage",
  against: "bare node:zlib",
  kinds: valueKinds,
  target: () => ({ ratioAtLeast: 0.9 }),
  async races(bytes): Promise<Readonly<Record<string, Race>>> {
    const isSmall = bytes.length <= atOnceBytes;
    const write = {
      bare: async () => (isSmall ? gzipSync(bytes, { level }) : beside.gzip(bytes, { level })),
      part: () => stage.write(bytes, benchAddress, undefined),
    };
    const written = await stage.write(bytes, benchAddress, undefined);
    // Random bytes are declined: there is nothing to be read.
    if (!written) return { write };
    const compressed = written.bytes;
    const read = {
      bare: async () => (isSmall ? gunzipSync(compressed) : beside.gunzip(compressed)),
      part: () => stage.read(compressed, written.envelope, benchAddress),
    };
    return { write, read };
  },
};
