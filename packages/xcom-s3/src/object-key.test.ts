import { arbitraryHostileId } from "@millrace/testing/arbitraries";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addressFolder,
  addressNote,
  addressOfNote,
  addressOfPath,
  isObjectPath,
  objectName,
  scopeFolder,
} from "./object-key.ts";

const name = objectName(Date.UTC(2026, 0, 15, 14, 30, 22, 123), "0123456789abcdef0123456789abcdef");
const address = {
  dagId: "sales",
  runId: "manual__2026-01-01T00:00:00Z_1",
  taskId: "group.extract",
  mapIndex: -1,
  key: "rows",
};
const text = fc
  .oneof(arbitraryHostileId(), fc.string({ unit: "grapheme", maxLength: 300 }), fc.constant("a"))
  .filter((id) => id.isWellFormed());
const addresses = fc.record({
  dagId: text,
  runId: text,
  taskId: text,
  mapIndex: fc.integer({ min: -1, max: 2 ** 31 }),
  key: text,
});

describe("an object's key", () => {
  test("can be read by people", () => {
    expect(addressFolder(address) + name).toBe(
      "v1/dag=sales/run=manual__2026-01-01T00!3A00!3A00Z_1/task=group.extract/map=-1/rows/20260115T143022123Z-0123456789abcdef0123456789abcdef",
    );
  });

  test("stays inside, below 1,024 bytes with the longest prefix, each step below 256, whatever the ids are", () => {
    fc.assert(
      fc.property(addresses, (at) => {
        const path = addressFolder(at) + name;
        expect(path).toMatch(/^[A-Za-z0-9!_.=/-]+$/);
        expect(path.length).toBeLessThanOrEqual(1_024 - 161);
        for (const step of path.split("/")) {
          expect(step.length).toBeLessThan(256);
          expect(step).not.toMatch(/^\.*$/);
        }
        expect(isObjectPath(path)).toBe(true);
      }),
    );
  });

  test("tells whose it is, by itself or with its note", () => {
    fc.assert(
      fc.property(addresses, (at) => {
        const path = addressFolder(at) + name;
        const told = addressOfPath(path);
        if (told === "clipped") expect([at, undefined]).toContainEqual(addressOfNote(addressNote(at), path));
        else {
          expect(told).toEqual(at);
          expect(addressNote(at)).toBeUndefined();
        }
      }),
    );
  });

  test("is another one for another address", () => {
    fc.assert(
      fc.property(addresses, addresses, (one, other) => {
        const isSame = JSON.stringify(one) === JSON.stringify(other);
        expect(addressFolder(one) === addressFolder(other)).toBe(isSame);
      }),
    );
    // Ids that would be the same if they were joined.
    expect(addressFolder({ ...address, dagId: "a/run=b", runId: "c" })).not.toBe(
      addressFolder({ ...address, dagId: "a", runId: "b/run=c" }),
    );
    expect(addressFolder({ ...address, key: "e\u0301" })).not.toBe(addressFolder({ ...address, key: "\u00e9" }));
  });

  test("of ids that Millrace allows is never clipped, but for nested tasks and long keys", () => {
    const longest = {
      dagId: "d".repeat(200),
      runId: "r".repeat(250),
      taskId: "t".repeat(200),
      mapIndex: 99_999,
      key: "k".repeat(120),
    };
    expect(addressOfPath(addressFolder(longest) + name)).toEqual(longest);
  });

  test("begins with the folder of its DAG, run and task", () => {
    fc.assert(
      fc.property(addresses, ({ dagId, runId, taskId, ...rest }) => {
        const folder = addressFolder({ dagId, runId, taskId, ...rest });
        for (const scope of [{}, { dagId }, { dagId, runId }, { dagId, runId, taskId }])
          expect(folder.startsWith(scopeFolder(scope))).toBe(true);
      }),
    );
  });

  test("is refused with half a character in it", () => {
    expect(() => addressFolder({ ...address, key: "\ud800" })).toThrow(
      expect.objectContaining({ code: "XCOM_S3_ADDRESS_INVALID" }),
    );
  });
});

describe("a path that this place does not make", () => {
  const path = addressFolder(address) + name;
  test.each([
    "",
    "..",
    path.replace("sales", ".."),
    path.replace("sales", "."),
    path.replace("sales", "a/../../b"),
    path.replace("sales", ""),
    path.replace("sales", "%2e%2e"),
    path.replace("sales", "a!2fb"),
    path.replace("sales", "s\u0430les"),
    path.replace("map=-1", "map=-2"),
    path.replace("v1/", "v2/"),
    `/${path}`,
    `${path}/`,
    `${path}\n`,
    `${path}?versionId=1`,
    path.slice(0, -1),
    path.replace("sales", "a".repeat(2_000)),
  ])("is none: %j", (hostile) => {
    expect(isObjectPath(hostile)).toBe(false);
    expect(addressOfPath(hostile)).toBeUndefined();
  });

  test("a note of another address tells nothing", () => {
    const long = { ...address, key: "k".repeat(200) };
    const note = addressNote(long);
    expect(addressOfNote(note, addressFolder(long) + name)).toEqual(long);
    expect(addressOfNote(note, path)).toBeUndefined();
    for (const hostile of ["", "x", "bnVsbA", "e30", "W10", "a".repeat(5_000)])
      expect(addressOfNote(hostile, path)).toBeUndefined();
  });
});
