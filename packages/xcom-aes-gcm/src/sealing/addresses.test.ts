import type { XComAddress } from "@millrace/core/plugin";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  address,
  gathered,
  noise,
  piecesOf,
  refusal,
  type StoredValue,
  sealed,
  sealedStream,
  sourceOf,
  stageOf,
} from "../../test/samples.ts";

const stage = stageOf();
const bytes = noise(60);

const field = fc.constantFrom("dagId", "runId", "taskId", "key");
// Few letters, among them all that separate ids or fields anywhere, so that pairs which could be confused do occur.
const id = fc.string({
  unit: fc.constantFrom("a", "b", "|", ":", ",", "/", "1", "5", "é", "e\u0301", "\0", "-"),
  maxLength: 6,
});
const anyAddress = fc.record({ dagId: id, runId: id, taskId: id, key: id, mapIndex: fc.integer({ min: -1, max: 15 }) });

async function opens(written: StoredValue, at: XComAddress): Promise<boolean> {
  const whole = stage.read(written.bytes, written.envelope, at);
  const pieces = gathered(stage.readStream(piecesOf(written.bytes), written.envelope, at));
  const [one, other] = await Promise.allSettled([whole, pieces]);
  expect(one.status).toBe(other.status);
  if (one.status === "rejected") expect(one.reason).toMatchObject({ code: "XCOM_DECRYPTION_FAILED" });
  return one.status === "fulfilled";
}

const both = (at: XComAddress) => Promise.all([sealed(stage, bytes, at), sealedStream(stage, sourceOf(bytes), at)]);

test("a value opens at its own address and at no other", async () => {
  await fc.assert(
    fc.asyncProperty(anyAddress, anyAddress, async (one, other) => {
      const isSame = JSON.stringify(one) === JSON.stringify({ ...one, ...other });
      for (const written of await both(one)) {
        expect(await opens(written, one)).toBe(true);
        expect(await opens(written, other)).toBe(isSame);
      }
    }),
    { numRuns: 300 },
  );
});

test("a value does not open where only one thing is another: dag, run, task, key or map index", async () => {
  const others = [{ dagId: "sales2" }, { runId: "r2" }, { taskId: "group.load" }, { key: "rows2" }, { mapIndex: 0 }];
  for (const written of await both(address))
    for (const other of others)
      expect(await opens(written, { ...address, ...other }), JSON.stringify(other)).toBe(false);
});

test("values exchanged between two addresses do not open", async () => {
  await fc.assert(
    fc.asyncProperty(field, id, fc.integer({ min: -1, max: 3 }), async (name, text, mapIndex) => {
      const other = { ...address, [name]: text, mapIndex };
      const [here, there] = [await both(address), await both(other)];
      for (const written of here) expect(await opens(written, other)).toBe(false);
      for (const written of there) expect(await opens(written, address)).toBe(false);
    }),
    { numRuns: 50 },
  );
});

test("ids that look alike when they are joined are told apart", async () => {
  const pairs: readonly [Partial<XComAddress>, Partial<XComAddress>][] = [
    [
      { dagId: "a|b", runId: "c" },
      { dagId: "a", runId: "b|c" },
    ],
    [
      { dagId: "a,1:b", runId: "c" },
      { dagId: "a", runId: "1:b,c" },
    ],
    [
      { dagId: "1:a,", runId: "" },
      { dagId: "1:a", runId: "," },
    ],
    [
      { taskId: "t", key: "xy" },
      { taskId: "tx", key: "y" },
    ],
    [
      { taskId: "t1", mapIndex: 2 },
      { taskId: "t", mapIndex: 12 },
    ],
    [
      { key: "1", mapIndex: 1 },
      { key: "11", mapIndex: 0 },
    ],
    [{ key: "caf\u00e9" }, { key: "cafe\u0301" }],
    [{ key: "K" }, { key: "\u212a" }],
    [{ key: "a" }, { key: "a\0" }],
    [{ key: "a" }, { key: "A" }],
  ];
  for (const [one, other] of pairs)
    for (const written of await both({ ...address, ...one }))
      expect(await opens(written, { ...address, ...other }), JSON.stringify([one, other])).toBe(false);
});

test("an id that is no well-formed text is refused: as bytes it would be the same as others", async () => {
  for (const name of ["dagId", "runId", "taskId", "key"] as const) {
    const at = { ...address, [name]: "rows\ud800" };
    expect((await refusal(stage.write(bytes, at, undefined))).code).toBe("XCOM_ENCRYPTION_REFUSED");
    expect((await refusal(stage.writeStream(sourceOf(bytes), at, () => undefined))).code).toBe(
      "XCOM_ENCRYPTION_REFUSED",
    );
    const written = await sealed(stage, bytes, { ...address, [name]: "rows\ufffd" });
    expect(await opens(written, at)).toBe(false);
  }
});

test("an envelope beneath that cannot be authenticated is refused when it is written", async () => {
  const deep = JSON.parse(`${'{"inner":'.repeat(40)}1${"}".repeat(40)}`) as Record<string, unknown>;
  for (const inner of [deep, { text: "x".repeat(70_000) }, { text: "\ud800" }]) {
    const isFine = "text" in inner && inner.text === "\ud800"; // JSON has it escaped
    const attempt = stage.write(bytes, address, inner);
    if (isFine) await attempt;
    else expect((await refusal(attempt)).code).toBe("XCOM_ENCRYPTION_REFUSED");
  }
});
