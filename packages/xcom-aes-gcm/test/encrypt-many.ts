import { address, stageOf } from "./samples.ts";

// Run as a child process: encrypts so many values, and prints salt and iv of each.
const stage = stageOf();
const value = Buffer.from('"equal"');
for (let left = Number(process.argv[2]); left > 0; left -= 1_000) {
  const lines: string[] = [];
  for (let n = Math.min(left, 1_000); n > 0; n--) {
    const result = await stage.write(value, address, undefined);
    lines.push(`${String(result?.envelope.salt)} ${String(result?.envelope.iv)}\n`);
  }
  process.stdout.write(lines.join(""));
}
