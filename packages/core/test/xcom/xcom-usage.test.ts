import fc from "fast-check";
import { expect, test } from "vitest";
import { dag } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import { measureXComs } from "../../src/xcom/xcom-usage.ts";
import { ManualClock } from "../manual-clock.ts";
import { openEngine } from "../test-engine.ts";
import { listingPlace } from "./listing-place.ts";
import { doubling } from "./streaming-parts.ts";

const mixed = dag("mixed", {}, (d) => {
  d.task("many", async ({ xcom }) => {
    for (let count = 0; count < 450; count++) await xcom.push(`k${count}`, "x".repeat(count % 10));
  });
  d.task("stream", async ({ xcom }) => {
    await xcom.pushStream(
      "bytes",
      (async function* () {
        yield Buffer.alloc(300_000, 1);
      })(),
    );
  });
});
const other = dag("other", {}, (d) => void d.task("t", () => "one"));

test("what is stored is added up by DAG and part, values once for each part that they went through", async () => {
  const clock = new ManualClock();
  const store = memoryStore();
  const { place: listed } = listingPlace(() => clock.now());
  const place = {
    ...listed,
    put: async (...given: Parameters<typeof listed.put>) => {
      const envelope = await listed.put(...given);
      return envelope && { ...envelope, size_bytes: given[0].length };
    },
  };
  // Texts of less than 8 bytes stay JSON, but for the place, which takes everything.
  const stage = doubling({ least: 8 });
  const backend = [stage];
  await using opened = await openEngine({ dags: [mixed, other], clock, store, xcom: { backend } });
  await opened.run(mixed);
  await opened.run(other);
  const found = await measureXComs({ store, parts: backend });
  const rows = (await Promise.all((await opened.engine.runs()).map(({ runNo }) => store.xcoms.ofRun(runNo)))).flat();
  const long = rows.filter(({ key, sizeBytes }) => key.startsWith("k") && sizeBytes >= 8);
  expect(found.map(({ dagId, part, values }) => [dagId, part, values])).toEqual([
    ["mixed", "doubling", long.length + 1],
    ["mixed", "json", 450 - long.length],
    ["mixed", "store", 1],
    ["other", "json", 1],
  ]);
  const [doubled, json, streamed] = found;
  expect(json).toMatchObject({ originalBytes: json?.storedBytes, placedBytes: 0 });
  expect(streamed).toMatchObject({ originalBytes: 300_000, placedBytes: 600_000 });
  expect(doubled?.originalBytes).toBe(300_000 + long.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
  const rowBytes = rows
    .filter(({ format }) => format === "envelope")
    .reduce((sum, { stored }) => sum + stored.length, 0);
  expect(doubled?.storedBytes).toBe(600_000 + rowBytes);
  expect(await measureXComs({ store, parts: backend, dagId: "other" })).toEqual([found.at(-1)]);

  await using placed = await openEngine({
    dags: [other],
    clock,
    store: memoryStore(),
    xcom: { backend: [doubling(), place] },
  });
  await placed.run(other);
  const inPlace = await measureXComs({ store: placed.store, parts: [place] });
  expect(inPlace.map(({ part, originalBytes, placedBytes }) => [part, originalBytes, placedBytes])).toEqual([
    ["_xcom_doubled", 5, 10],
    ["listed", 5, 10],
  ]);
});

test("whatever a row holds is counted and never thrown over, and none of it comes out", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(fc.json(), fc.string(), hostileEnvelope())), async (texts) => {
      const rows = texts.map((stored, at) => ({
        taskInstanceNo: at + 1,
        runNo: 1,
        taskId: "t",
        mapIndex: -1,
        createdAt: 0,
        key: "k",
        format: "envelope" as const,
        stored,
        sizeBytes: 7,
      }));
      const store = {
        runs: { get: async () => ({ dagId: "d" }) },
        xcoms: { page: async ({ after }: { readonly after?: unknown }) => (after ? [] : rows) },
      } as unknown as Parameters<typeof measureXComs>[0]["store"];
      for (const { part, placedBytes, storedBytes } of await measureXComs({ store, parts: [] })) {
        expect(part).toMatch(/^(store|_xcom_\w+)$/);
        expect([placedBytes, storedBytes].every(Number.isFinite)).toBe(true);
      }
    }),
  );
});

function hostileEnvelope(): fc.Arbitrary<string> {
  const sizes = fc.oneof(fc.integer(), fc.double(), fc.string(), fc.constant(null));
  return fc
    .record({
      _xcom_chunks: fc.boolean(),
      "_xcom_\u001b[31m": fc.constant(true),
      size_bytes: sizes,
      stored_bytes: sizes,
      inner: fc.oneof(fc.constant({ _xcom_file_backend: true }), fc.array(fc.integer()), fc.constant("text")),
    })
    .map((envelope) => JSON.stringify(envelope));
}
