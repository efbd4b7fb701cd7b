import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";

interface Report {
  readonly report: readonly {
    readonly name: string;
    readonly how: string;
    readonly code: string;
    readonly given: number;
    readonly grownMb: number;
  }[];
  readonly bytes: Readonly<Record<string, number>>;
}

describe("data that are made to fill the memory", { timeout: 120_000 }, () => {
  let found: Report;
  beforeAll(() => {
    const script = join(import.meta.dirname, "bombs-in-little-memory.ts");
    const args = ["--conditions=millrace-source", "--expose-gc", script];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", timeout: 120_000 });
    expect(stderr).toBe("");
    found = JSON.parse(stdout);
  });

  it("are as small as they are said to be", () => {
    expect((300 * 2 ** 20) / (found.bytes.bomb as number)).toBeGreaterThan(1_020);
    expect(found.bytes.twice).toBeLessThan(1_000);
    expect(found.bytes.members).toBe(20_000_000);
  });

  it("are refused by errors with codes, as a whole and as streams", () => {
    const codes = found.report.map(({ name, how, code }) => `${name}, ${how}: ${code.replace("XCOM_GZIP_", "")}`);
    expect(codes).toEqual([
      "a bomb that says what it is, whole: TOO_LARGE",
      "a bomb that says what it is, stream: TOO_LARGE",
      "a bomb that says a little, whole: SIZE_DIFFERS",
      "a bomb that says a little, stream: SIZE_DIFFERS",
      "a bomb that says as much as is allowed, whole: SIZE_DIFFERS",
      "a bomb that says as much as is allowed, stream: SIZE_DIFFERS",
      "a member without an end, whole: SIZE_DIFFERS",
      "a member without an end, stream: SIZE_DIFFERS",
      "a million empty members, whole: ALTERED",
      "a million empty members, stream: ALTERED",
      "many frames, whole: ALTERED",
      "many frames, stream: ALTERED",
      "an endless stream, stream: SIZE_DIFFERS",
      "an endless stream that is short, stream: ALTERED",
      "gzip in gzip, in two envelopes, backend: SIZE_DIFFERS",
    ]);
  });

  it("never make the process grow by more than 64 MiB", () => {
    for (const { name, how, grownMb } of found.report) expect(grownMb, `${name}, ${how}`).toBeLessThan(64);
  });
});
