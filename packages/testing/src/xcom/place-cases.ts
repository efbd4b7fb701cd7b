import { isMillraceError, type XComPlace, xcomBackend } from "@millrace/core/plugin";
import fc from "fast-check";
import { expect } from "vitest";
import { arbitraryHostileId } from "../arbitraries/hostile-id.ts";
import type { ConformanceCase } from "../conformance/conformance-case.ts";
import { expectBytes, expectNamed, expectRefusal, largeText, secret, storedEnvelope } from "./part-promises.ts";
import { addressOf, sampleBytes } from "./sample-bytes.ts";

type Envelope = Parameters<XComPlace["get"]>[0];

/** What the suite is given for each of its tests: an empty place, and hands that reach behind it. */
export interface XComPlaceUnderTest {
  readonly place: XComPlace;
  /** Has the bytes of this envelope lost, cut short or altered, as a disk or a person would. */
  damage(how: "lose" | "truncate" | "alter", envelope: Envelope): void | Promise<void>;
  /** False for a place that handles no streams. Default: it does. */
  readonly streams?: boolean;
  /** How many values are kept; for a place that can be counted. */
  count?(): number | Promise<number>;
  /** Names of everything that stands where this place may not write, to see that nothing comes of it. Default: nothing. */
  outside?(): readonly string[] | Promise<readonly string[]>;
  /** Called when the test is over. */
  cleanup?(): void | Promise<void>;
}

const address = addressOf("rows");

/** Puts bytes that no place may decline. */
async function kept(place: XComPlace, bytes = largeText(), at = address): Promise<Envelope> {
  const envelope = await place.put(bytes, at, undefined);
  expect(envelope, "10 KB are not declined").toBeDefined();
  return storedEnvelope(envelope as Envelope, place.marker, "10 KB");
}

async function removed(place: XComPlace, envelope: Envelope): Promise<void> {
  await place.remove([place.refOf(envelope)]);
}

export const placeCases: readonly ConformanceCase<XComPlaceUnderTest>[] = [
  {
    name: "says what it is",
    run({ place }) {
      expectNamed(place);
      expect(place.kind).toBe("place");
    },
  },
  {
    name: "gives every value back that it does not decline, of every size from nothing to 5 MiB",
    async run({ place }) {
      let applied = 0;
      for (const { what, bytes } of sampleBytes()) {
        const before = Uint8Array.from(bytes);
        const envelope = await place.put(bytes, addressOf(what.replaceAll(" ", "_")), undefined);
        expectBytes(bytes, before, `${what}: the input is left alone`);
        if (!envelope) continue;
        applied++;
        const stored = storedEnvelope(envelope, place.marker, what);
        expectBytes(await place.get(stored, addressOf(what.replaceAll(" ", "_"))), bytes, what);
      }
      expect(applied, "it keeps some of them").toBeGreaterThan(0);
    },
  },
  {
    name: "keeps what it was given: bytes that are changed afterwards do not change it",
    async run({ place }) {
      const bytes = Uint8Array.from(largeText());
      const envelope = await kept(place, bytes);
      bytes.fill(0);
      const first = await place.get(envelope, address);
      expectBytes(first, largeText(), "after the input was changed");
      first.fill(0);
      expectBytes(await place.get(envelope, address), largeText(), "after what was read was changed");
    },
  },
  {
    name: "works in a backend, also over a stage; what is purged is gone",
    async run(subject) {
      const { place } = subject;
      const backend = xcomBackend([place]);
      const value = { text: secret, rows: Array.from({ length: 1_000 }, (_, n) => n) };
      const stored = JSON.parse(JSON.stringify(await backend.serialize(value, address))) as string;
      expect(await backend.deserialize(stored, address)).toEqual(value);
      await backend.purge(stored);
      await expect(backend.deserialize(stored, address)).rejects.toSatisfy((error) => isMillraceError(error));
      if (subject.count) expect(await subject.count()).toBe(0);
    },
  },
  {
    name: "what is removed is gone, once or twice, and nothing else with it",
    async run(subject) {
      const { place } = subject;
      const [first, second] = [await kept(place), await kept(place, largeText(), addressOf("others"))];
      const more = await Promise.all([1, 2, 3].map((n) => kept(place, largeText(), addressOf(`more${n}`))));
      await place.remove(more.map((envelope) => place.refOf(envelope)));
      for (const [n, envelope] of more.entries())
        await expectRefusal(place.get(envelope, addressOf(`more${n + 1}`)), `number ${n} of those removed at once`);
      await place.remove([place.refOf(first)]);
      await place.remove([place.refOf(first), place.refOf(first)]);
      await expectRefusal(place.get(first, address), "what was removed");
      expectBytes(await place.get(second, addressOf("others")), largeText(), "the other one");
      if (subject.count) expect(await subject.count()).toBe(1);
    },
  },
  {
    name: "lost, cut and altered bytes are refused by three different errors with codes, which show no value",
    async run(subject) {
      const codes: string[] = [];
      for (const how of ["lose", "truncate", "alter"] as const) {
        const envelope = await kept(subject.place, largeText(), addressOf(how));
        await subject.damage(how, envelope);
        codes.push(await expectRefusal(subject.place.get(envelope, addressOf(how)), how));
      }
      expect(new Set(codes).size, codes.join(", ")).toBe(3);
    },
  },
  {
    name: "the same address written again does not lead what was written before to other bytes",
    async run({ place }) {
      const other = new TextEncoder().encode(`"${"something else ".repeat(700)}"`);
      const first = await kept(place);
      const second = await kept(place, other);
      expectBytes(await place.get(second, address), other, "the second value");
      const found = await place.get(first, address).catch(() => undefined);
      if (found) expectBytes(found, largeText(), "the first value");
      else await expectRefusal(place.get(first, address), "the first value");
    },
  },
  {
    name: "many values at a time do not mix, under different addresses and under one",
    async run({ place }) {
      const values = Array.from({ length: 20 }, (_, n) => new TextEncoder().encode(`"${`${n} `.repeat(2_000 + n)}"`));
      for (const addressOfValue of [(n: number) => addressOf(`k${n}`), () => address]) {
        const envelopes = await Promise.all(values.map((bytes, n) => kept(place, bytes, addressOfValue(n))));
        await Promise.all(
          envelopes.map(async (envelope, n) => {
            const found = await place.get(envelope, addressOfValue(n)).catch(() => undefined);
            if (found) expectBytes(found, values[n] as Uint8Array, `value ${n}`);
            else await expectRefusal(place.get(envelope, addressOfValue(n)), `value ${n}`);
          }),
        );
        const last = envelopes.length - 1;
        if (addressOfValue(0).key === "k0")
          expectBytes(
            await place.get(envelopes[last] as Envelope, addressOfValue(last)),
            values[last] as Uint8Array,
            "last",
          );
      }
    },
  },
  {
    name: "hostile addresses keep apart and inside: each is refused by an error with a code, or keeps its own bytes",
    async run(subject) {
      const { place } = subject;
      const before = await subject.outside?.();
      const ids = [...new Set(fc.sample(arbitraryHostileId(), { seed: 7, numRuns: 150 }))];
      const all: { readonly envelope: Envelope; readonly bytes: Uint8Array; readonly at: typeof address }[] = [];
      for (const [n, id] of ids.entries()) {
        const field = (["dagId", "runId", "taskId", "key"] as const)[n % 4] as "key";
        const at = { ...address, [field]: id };
        const bytes = new TextEncoder().encode(`"${`${n} `.repeat(2_000)}"`);
        try {
          all.push({ envelope: await kept(place, bytes, at), bytes, at });
        } catch (error) {
          if (!isMillraceError(error)) throw error;
        }
      }
      for (const { envelope, bytes, at } of all) expectBytes(await place.get(envelope, at), bytes, JSON.stringify(at));
      expect(await subject.outside?.()).toEqual(before);
    },
  },
  {
    name: "hostile envelopes lead nowhere else: refused by an error with a code, or the right bytes all the same",
    async run(subject) {
      const { place } = subject;
      const before = await subject.outside?.();
      const envelope = await kept(place);
      const other = await kept(
        place,
        new TextEncoder().encode(`"${"somebody else's ".repeat(700)}"`),
        addressOf("other"),
      );
      const texts = ["", "..", "../../../../../../etc/passwd", "/etc/passwd", "a\0b", "file:///etc/passwd", "%2e%2e/x"];
      for (const field of Object.keys(envelope)) {
        if (field === place.marker) continue;
        for (const value of [...texts, null, -1, 1e15, {}, ["x"], other[field]]) {
          const hostile = { ...envelope, [field]: value } as Envelope;
          const what = `${field} is ${JSON.stringify(value)}`;
          const found = await place.get(hostile, address).catch(() => undefined);
          if (found) expectBytes(found, largeText(), what);
          else await expectRefusal(place.get(hostile, address), what);
        }
        for (const value of texts)
          await removed(place, { ...envelope, [field]: value } as Envelope).catch((error: unknown) => {
            expect(isMillraceError(error), `removing, ${field} is ${JSON.stringify(value)}: ${String(error)}`).toBe(
              true,
            );
          });
      }
      await expectRefusal(place.get({ [place.marker]: true }, address), "an envelope of nothing but the marker");
      expect(await subject.outside?.()).toEqual(before);
    },
  },
];
