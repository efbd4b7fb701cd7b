import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { runBeside } from "./child-process.ts";
import type { Figure, Gap } from "./figure.ts";
import type { XComSizes } from "./sizes.ts";
import { sizeName } from "./xcom-values.ts";

interface ValueReport {
  /** Resident memory above the bare process: with the value's text, and the most while it was written and read. */
  readonly textMb: number;
  readonly writePeakMb: number;
  readonly readPeakMb: number;
}

interface StreamReport {
  readonly peakMb: number;
  readonly writeMbPerSecond: number;
  readonly readMbPerSecond: number;
}

interface PauseReport {
  /** Processor time of the main thread in one turn of the event loop, the most; milliseconds. */
  readonly pauses: Readonly<Record<string, number>>;
  /** Processor time, too. */
  readonly encodeMs: number;
  readonly decodeMs: number;
}

/** gzip, AES and files together: memory and pauses, each in a process of its own. */
export async function measureXComStack(
  folder: string,
  { largeBytes, streamBytes }: XComSizes,
): Promise<(Figure | Gap)[]> {
  const run = <T>(what: string, sizeBytes: number): Promise<T> => {
    const dir = join(folder, what);
    mkdirSync(dir, { recursive: true });
    return runBeside<T>("./xcom-stack-child.mjs", what, dir, String(sizeBytes));
  };
  if (process.platform !== "linux") return [{ id: "xcomStack", name: "XCom stack", why: "measured on Linux only" }];
  const large = sizeName(largeBytes);
  const stack = "gzip, AES and files";
  const value = await run<ValueReport>("value", largeBytes);
  const stream = await run<StreamReport>("stream", streamBytes);
  const { pauses, encodeMs, decodeMs } = await run<PauseReport>("pauses", largeBytes);
  const [where, pauseMs] = Object.entries(pauses).reduce((most, each) => (each[1] > most[1] ? each : most));
  const valueMb = largeBytes / 2 ** 20;
  return [
    {
      id: "xcomStackMemory",
      name: `peak memory of a value of ${large} through ${stack}, as against the value`,
      value: Math.max(value.writePeakMb, value.readPeakMb) / valueMb,
      unit: "×",
      target: { atMost: 3 },
      note: `written ${value.writePeakMb.toFixed(0)} MB, read ${value.readPeakMb.toFixed(0)} MB above the bare process; the value's text, ${value.textMb.toFixed(0)} MB, is in both`,
      more: { ...value },
    },
    {
      id: "xcomStackStream",
      name: `peak memory of a stream of ${sizeName(streamBytes)} through ${stack}, above the bare process`,
      value: stream.peakMb,
      unit: "MB",
      target: { atMost: 64 },
      note: `written at ${stream.writeMbPerSecond.toFixed(0)} MB/s (gzip level 1), read at ${stream.readMbPerSecond.toFixed(0)} MB/s`,
      more: { ...stream },
    },
    {
      id: "xcomPause",
      name: `longest turn of the event loop while parts work on ${large}`,
      value: pauseMs,
      unit: "ms",
      target: { atMost: 20 },
      note: `processor time of the main thread; ${where}`,
      more: { ...pauses },
    },
    {
      id: "xcomEncode",
      name: `value of ${large} to JSON text, which holds up the event loop`,
      value: encodeMs,
      unit: "ms",
    },
    { id: "xcomDecode", name: `JSON text of ${large} to a value, which holds it up too`, value: decodeMs, unit: "ms" },
  ];
}
