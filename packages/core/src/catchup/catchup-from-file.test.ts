import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { isMillraceError } from "../errors.ts";
import type { Clock } from "../time/clock.ts";
import type { CatchupSource } from "../timetable/catchup.ts";
import { catchupFromFile } from "./catchup-from-file.ts";

const signal = new AbortController().signal;
const folders: string[] = [];

function place(name = "catchup.yaml"): string {
  const folder = mkdtempSync(join(tmpdir(), "millrace-catchup-"));
  folders.push(folder);
  return join(folder, name);
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A clock whose sleeps take no time; what happens during each is in the test's hands. */
function restless(during: () => void = () => undefined): Clock {
  return { now: () => 0, sleep: async () => during() };
}

/** The code of what a look came to, or `read`. */
async function look(source: CatchupSource, during?: () => void): Promise<string> {
  try {
    await source.refresh?.({ signal, clock: restless(during) });
    return "read";
  } catch (error) {
    return isMillraceError(error) ? error.code : "something else";
  }
}

const of = (source: CatchupSource, dagId: string): unknown => source.read({ dagId, signal });

describe("settings from a file", () => {
  test("are a DAG's own, else the file's default, else nothing", async () => {
    const path = place();
    writeFileSync(path, "default: { maxRuns: 3 }\nsettings: { all: true }\ndags: { a: all, b: false }");
    const source = catchupFromFile(path);
    expect(of(source, "a")).toBe(undefined);
    expect(await look(source)).toBe("read");
    expect(["a", "b", "c", "constructor"].map((dagId) => of(source, dagId))).toEqual([
      true,
      false,
      { maxRuns: 3 },
      { maxRuns: 3 },
    ]);
    writeFileSync(path, "dags: { a: false }");
    expect(await look(source)).toBe("read");
    expect([of(source, "a"), of(source, "b")]).toEqual([false, undefined]);
  });

  test("may be those of a name, whatever the DAG", async () => {
    const path = place("catchup.json");
    writeFileSync(path, '{ "settings": { "gentle": { "maxRuns": 1 } }, "dags": { "a": true } }');
    const source = catchupFromFile(pathToFileURL(path), { name: "gentle" });
    expect([source.name, source.every, source.default]).toEqual(["catchup.json (gentle)", "10s", false]);
    expect([await look(source), of(source, "a")]).toEqual(["read", { maxRuns: 1 }]);
    writeFileSync(path, '{ "settings": { "gentler": true } }');
    expect([await look(source), of(source, "a")]).toEqual(["CATCHUP_FILE_INVALID", { maxRuns: 1 }]);
  });

  test("are not taken from a file that is being written", async () => {
    const path = place();
    const whole = "dags:\n  a: true\n  b: true\n";
    writeFileSync(path, "default: false");
    const source = catchupFromFile(path);
    await look(source);
    writeFileSync(path, whole.slice(0, 15));
    expect(await look(source, () => writeFileSync(path, whole))).toBe("read");
    expect([of(source, "a"), of(source, "b")]).toEqual([true, true]);
    let writes = 0;
    const writeOn = (): void => writeFileSync(path, `default: { maxRuns: ${++writes} }`);
    writeOn();
    expect([await look(source, writeOn), of(source, "a")]).toEqual(["CATCHUP_FILE_UNREADABLE", true]);
    expect([await look(source), of(source, "c")]).toEqual(["read", { maxRuns: writes }]);
  });

  test("cannot come from what is no file, too large or no text", async () => {
    const path = place();
    const source = catchupFromFile(path);
    expect(await look(source)).toBe("CATCHUP_FILE_UNREADABLE");
    mkdirSync(path);
    expect(await look(source)).toBe("CATCHUP_FILE_UNREADABLE");
    rmSync(path, { recursive: true });
    writeFileSync(path, `default: true #${"x".repeat(262_144)}`);
    expect(await look(source)).toBe("CATCHUP_FILE_UNREADABLE");
    writeFileSync(path, Buffer.from("default: true #\xff", "latin1"));
    expect(await look(source)).toBe("CATCHUP_FILE_UNREADABLE");
    writeFileSync(path, "default: true #ß");
    expect([await look(source), of(source, "a")]).toEqual(["read", true]);
  });

  test.each<[unknown, object, string]>([
    ["", {}, "path"],
    ["a\0b", {}, "path"],
    [5, {}, "path"],
    [new URL("https://example.com/x.yaml"), {}, "path"],
    ["x.yaml", { name: "" }, "name"],
    ["x.yaml", { every: "1ms" }, "every"],
    ["x.yaml", { every: "often" }, "every"],
    ["x.yaml", { evry: "1s" }, "evry"],
    ["x.yaml", null as never, "options"],
  ])("a wrong call with %o and %o is refused", (path, options, option) => {
    expect(() => catchupFromFile(path as string, options)).toThrow(
      expect.objectContaining({ code: "DAG_OPTION_INVALID", values: expect.objectContaining({ option }) as object }),
    );
    const byDefault = { default: { maxRuns: 0 } };
    expect(() => catchupFromFile("x", byDefault)).toThrow(expect.objectContaining({ code: "CATCHUP_INVALID" }));
  });

  test("are always those of the last good text, whatever happens to the file", async () => {
    const settings = fc.oneof(fc.boolean(), fc.record({ maxRuns: fc.integer({ min: 1, max: 9 }) }));
    const documents = fc.dictionary(fc.constantFrom("a", "b"), settings, { minKeys: 1 });
    const events = fc.oneof(
      fc.record({ what: fc.constant("write" as const), document: documents }),
      fc.record({ what: fc.constant("rename" as const), document: documents }),
      fc.record({ what: fc.constant("halves" as const), document: documents, cut: fc.nat() }),
      fc.record({ what: fc.constant("cut" as const), document: documents, cut: fc.nat() }),
      fc.record({ what: fc.constantFrom("delete", "folder", "nonsense", "empty", "huge", "again") }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(events, { maxLength: 12 }), async (story) => {
        const path = place();
        const source = catchupFromFile(path);
        /** What holds by the model, and whether the file is good at present. */
        let good: Record<string, unknown> | undefined;
        let isGood = false;
        for (const event of story) {
          const text = "document" in event ? JSON.stringify({ dags: event.document }) : "";
          let during: (() => void) | undefined;
          if (event.what !== "again") rmSync(path, { recursive: true, force: true });
          if ("document" in event) {
            isGood = event.what !== "cut";
            const part = "cut" in event ? text.slice(0, event.cut % text.length) : text;
            if (event.what === "rename") {
              writeFileSync(`${path}.new`, text);
              renameSync(`${path}.new`, path);
            } else writeFileSync(path, part);
            // A file that was never read is taken as it is, and broken until it is whole.
            if (event.what === "halves" && good) during = () => writeFileSync(path, text);
            else if (event.what === "halves") isGood = false;
            if (isGood) good = event.document;
          } else if (event.what !== "again") {
            isGood = false;
            if (event.what === "folder") mkdirSync(path);
            if (event.what === "nonsense") writeFileSync(path, "dags: { a: maybe }");
            if (event.what === "empty") writeFileSync(path, "");
            if (event.what === "huge") writeFileSync(path, " ".repeat(300_000));
          }
          expect((await look(source, during)) === "read").toBe(isGood);
          for (const dagId of ["a", "b"]) expect(of(source, dagId)).toEqual(good?.[dagId]);
        }
      }),
    );
  });
});
