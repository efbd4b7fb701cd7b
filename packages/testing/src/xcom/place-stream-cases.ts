import type { PlacedXCom, XComEnvelope, XComPlace } from "@millrace/core/plugin";
import { expect } from "vitest";
import type { ConformanceCase } from "../conformance/conformance-case.ts";
import { expectBytes, expectRefusal, largeText, storedEnvelope } from "./part-promises.ts";
import type { XComPlaceUnderTest } from "./place-cases.ts";
import { addressOf, sampleBytes, textOf } from "./sample-bytes.ts";
import { cuts, joined, watchedSource } from "./stream-source.ts";

const address = addressOf("rows");

/** The place's ways with streams; one that has none says so by `streams: false`. */
function streamsOf({ place, streams }: XComPlaceUnderTest) {
  const has = place.putStream !== undefined && place.getStream !== undefined;
  expect(has, streams === false ? "it was said to handle no streams" : "it handles streams both ways").toBe(
    streams !== false,
  );
  const { putStream, getStream } = place;
  if (!putStream || !getStream) return undefined;
  return { put: putStream.bind(place), get: getStream.bind(place) };
}

type Streams = NonNullable<ReturnType<typeof streamsOf>>;

async function kept(place: XComPlace, { put }: Streams, bytes = largeText(), at = address): Promise<XComEnvelope> {
  const envelope = await put(watchedSource(bytes, [1_000]), at);
  expect(envelope, "10 KB are not declined").toBeDefined();
  return storedEnvelope(envelope as XComEnvelope, place.marker, "10 KB");
}

/** Everything that the place lists. */
async function listed({ place }: XComPlaceUnderTest, scope = {}): Promise<PlacedXCom[]> {
  const all: PlacedXCom[] = [];
  for await (const one of place.list?.(scope) ?? []) all.push(one);
  return all;
}

export const placeStreamCases: readonly ConformanceCase<XComPlaceUnderTest>[] = [
  {
    name: "gives every stream back that it does not decline, however it is cut; streams and values are read both ways",
    async run(subject) {
      const { place } = subject;
      const streams = streamsOf(subject);
      if (!streams) return;
      let applied = 0;
      let turn = 0;
      for (const { what, bytes } of sampleBytes()) {
        const at = addressOf(what.replaceAll(" ", "_"));
        const whole = await place.put(bytes, at, undefined);
        if (whole) expectBytes(await joined(streams.get(whole, at)), bytes, `${what}, put whole and read in pieces`);
        const source = watchedSource(bytes, cuts[turn++ % cuts.length] as readonly number[]);
        const envelope = await streams.put(source, at);
        if (!envelope) {
          expect(source.taken, `${what}: pieces taken of what was declined`).toBe(0);
          continue;
        }
        applied++;
        const stored = storedEnvelope(envelope, place.marker, what);
        expectBytes(await place.get(stored, at), bytes, `${what}, put in pieces and read whole`);
        expectBytes(await joined(streams.get(stored, at)), bytes, `${what}, in pieces`);
      }
      expect(applied, "it keeps some of them").toBeGreaterThan(0);
    },
  },
  {
    name: "hands on pieces of at most 1 MiB, which stay as they are",
    async run(subject) {
      const streams = streamsOf(subject);
      if (!streams) return;
      const bytes = textOf(9_000_000);
      const envelope = await streams.put(watchedSource(bytes, [1_000_000]), address);
      const pieces: Uint8Array[] = [];
      for await (const piece of streams.get(envelope as XComEnvelope, address)) {
        expect(piece.length).toBeLessThanOrEqual(1_048_576);
        pieces.push(piece);
      }
      expectBytes(Buffer.concat(pieces), bytes, "9 MB");
    },
  },
  {
    name: "lost, cut and altered streams are refused by the same three errors as values",
    async run(subject) {
      const { place } = subject;
      const streams = streamsOf(subject);
      if (!streams) return;
      for (const how of ["lose", "truncate", "alter"] as const) {
        const envelope = await kept(place, streams, largeText(), addressOf(how));
        await subject.damage(how, envelope);
        const inPieces = await expectRefusal(joined(streams.get(envelope, addressOf(how))), how);
        expect(inPieces, how).toBe(await expectRefusal(place.get(envelope, addressOf(how)), how));
      }
    },
  },
  {
    name: "what the source throws passes through as it is, and nothing is left",
    async run(subject) {
      const streams = streamsOf(subject);
      if (!streams) return;
      const broken = new Error("the pipe broke");
      const source = watchedSource(textOf(3_000_000), [100_000], broken);
      await expect(streams.put(source, address)).rejects.toBe(broken);
      expect(source.isOver).toBe(true);
      if (subject.count) expect(await subject.count()).toBe(0);
      expect(await listed(subject)).toEqual([]);
    },
  },
  {
    name: "whoever stops reading early leaves the rest alone",
    async run(subject) {
      const streams = streamsOf(subject);
      if (!streams) return;
      const bytes = textOf(5_000_000);
      const envelope = (await streams.put(watchedSource(bytes, [100_000]), address)) as XComEnvelope;
      for await (const _ of streams.get(envelope, address)) break;
      expectBytes(await joined(streams.get(envelope, address)), bytes, "afterwards");
    },
  },
  {
    name: "stops when it is told to, with the reason it is told, and leaves nothing",
    async run(subject) {
      const { place } = subject;
      const reason = new Error("nobody waits any more");
      const call = { signal: AbortSignal.abort(reason) };
      const text = largeText();
      await expect(place.put(text, address, undefined, call), "writing").rejects.toBe(reason);
      expect(await listed(subject)).toEqual([]);
      const envelope = (await place.put(text, address, undefined)) as XComEnvelope;
      await expect(place.get(envelope, address, call), "reading").rejects.toBe(reason);
      await place.remove([place.refOf(envelope)]);
      const streams = streamsOf(subject);
      if (!streams) return;
      const stop = new AbortController();
      async function* source(): AsyncGenerator<Uint8Array, void, undefined> {
        for (let n = 0; n < 300; n++) {
          if (n === 100) stop.abort(reason);
          yield new Uint8Array(100_000).fill(n);
        }
      }
      const all = source();
      const watched = { head: new Uint8Array(65_536), isWhole: false, [Symbol.asyncIterator]: () => all };
      await expect(streams.put(watched, address, { signal: stop.signal }), "writing a stream").rejects.toBe(reason);
      expect((await all.next()).done, "its source is ended").toBe(true);
      if (subject.count) expect(await subject.count()).toBe(0);
      expect(await listed(subject)).toEqual([]);
      const stream = await kept(place, streams);
      await expect(joined(streams.get(stream, address, call)), "reading a stream").rejects.toBe(reason);
    },
  },
  {
    name: "lists what it keeps, by run, under the names that its envelopes lead to, until it is removed",
    async run(subject) {
      const { place } = subject;
      if (!place.list) return;
      const before = await listed(subject);
      expect(before).toEqual([]);
      const addresses = ["r1", "r2", "r1"].map((runId, n) => ({ ...addressOf(`k${n}`, runId), taskId: `t${n}` }));
      addresses.push({ ...addressOf("k3", "r3"), dagId: "another" });
      const refs = new Map<string, (typeof addresses)[number]>();
      for (const at of addresses) {
        const envelope = await place.put(largeText(), at, undefined);
        refs.set(place.refOf(envelope as XComEnvelope), at);
      }
      const all = await listed(subject);
      expect(new Map(all.map(({ ref, address: at }) => [ref, at]))).toEqual(refs);
      for (const { sizeBytes, isPartial, createdAt } of all) {
        expect(sizeBytes).toBeGreaterThan(0);
        expect(isPartial).toBe(false);
        expect(createdAt).toBeGreaterThan(0);
      }
      const runs = all.map(({ address: at }) => at?.runId);
      expect(new Set(runs).size, "each run stands together").toBe(
        runs.filter((runId, n) => runId !== runs[n - 1]).length,
      );
      const sizeOf = async (scope: object): Promise<number> => (await listed(subject, scope)).length;
      expect(await sizeOf({ dagId: "sales" })).toBe(3);
      expect(await sizeOf({ dagId: "sales", runId: "r1" })).toBe(2);
      expect(await sizeOf({ dagId: "sales", runId: "r1", taskId: "t2" })).toBe(1);
      expect(await sizeOf({ dagId: "nobody" })).toBe(0);
      await place.remove(all.filter(({ address: at }) => at?.runId === "r1").map(({ ref }) => ref));
      expect((await listed(subject)).map(({ address: at }) => at?.runId).sort()).toEqual(["r2", "r3"]);
      await expectRefusal(place.get({ [place.marker]: true }, address), "an envelope of nothing but the marker");
    },
  },
];
