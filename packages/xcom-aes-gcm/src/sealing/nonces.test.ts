import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { address, stageOf } from "../../test/samples.ts";
import { nonceOf } from "./gcm.ts";

const isSoak = process.env.MILLRACE_SOAK === "1";
const perProcess = isSoak ? 1_000_000 : 100_000;
const perWorker = isSoak ? 125_000 : 2_000;
const timeout = isSoak ? 1_200_000 : 120_000;

test(`${perProcess} values of one process have as many salts and nonces`, { timeout }, async () => {
  const stage = stageOf();
  const value = Buffer.from('"equal"');
  const [salts, ivs] = [new Set<string>(), new Set<string>()];
  for (let n = 0; n < perProcess; n++) {
    const result = await stage.write(value, address, undefined);
    salts.add(String(result?.envelope.salt));
    ivs.add(String(result?.envelope.iv));
  }
  expect(salts.size).toBe(perProcess);
  expect(ivs.size).toBe(perProcess);
});

test(`8 processes at a time, ${perWorker} values each, have no salt and nonce in common`, { timeout }, async () => {
  const script = fileURLToPath(new URL("../../test/encrypt-many.ts", import.meta.url));
  const seen = new Set<string>();
  let lines = 0;
  const workers = Array.from({ length: 8 }, async () => {
    const child = spawn(process.execPath, ["--conditions=millrace-source", script, String(perWorker)], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    for await (const line of createInterface(child.stdout)) {
      const [salt = "", iv = ""] = line.split(" ");
      seen.add(salt).add(iv);
      lines++;
    }
  });
  await Promise.all(workers);
  expect(lines).toBe(8 * perWorker);
  expect(seen.size).toBe(2 * 8 * perWorker);
});

test("no two messages of one value have the same nonce", () => {
  const message = fc.tuple(
    fc.constantFrom("segment", "lastSegment", "closing" as const),
    fc.oneof(fc.nat({ max: 3 }), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
  );
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 12, maxLength: 12 }), message, message, (bytes, one, other) => {
      const iv = Buffer.from(bytes);
      const isSame = one[0] === other[0] && one[1] === other[1];
      expect(nonceOf(iv, ...one).equals(nonceOf(iv, ...other))).toBe(isSame);
      expect(nonceOf(iv, "segment", 0)).toEqual(iv);
    }),
  );
});
