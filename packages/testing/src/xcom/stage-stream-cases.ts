import type { StageStream, XComEnvelope, XComSource, XComStage } from "@millrace/core/plugin";
import { expect } from "vitest";
import type { ConformanceCase } from "../conformance/conformance-case.ts";
import { damaged, expectBytes, expectRefusal, largeText, storedEnvelope } from "./part-promises.ts";
import { addressOf, randomBytes, sampleBytes, textOf } from "./sample-bytes.ts";
import type { XComStageUnderTest } from "./stage-cases.ts";
import { cuts, joined, watchedSource } from "./stream-source.ts";

const address = addressOf("rows");
const inner = { _xcom_other: true, v: 1, checksum: "abc" } as const;

/** The stage's ways with streams; a stage that has none says so by `streams: false`. */
function streamsOf({ stage, streams }: XComStageUnderTest) {
  const has = stage.writeStream !== undefined && stage.readStream !== undefined;
  expect(has, streams === false ? "it was said to handle no streams" : "it handles streams both ways").toBe(
    streams !== false,
  );
  const { writeStream, readStream } = stage;
  if (!writeStream || !readStream) return undefined;
  return { write: writeStream.bind(stage), read: readStream.bind(stage) };
}

type Streams = NonNullable<ReturnType<typeof streamsOf>>;

async function* pieces(bytes: Uint8Array, size = 100_000): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

async function drained(stage: XComStage, made: StageStream, what: string) {
  const bytes = await joined(made.pieces);
  return { bytes, envelope: storedEnvelope(made.envelope(), stage.marker, what) };
}

async function writtenText(stage: XComStage, { write }: Streams) {
  const made = await write(watchedSource(largeText(), [1_000]), address, () => undefined);
  expect(made, "10 KB of text that repeats itself are not declined").toBeDefined();
  return drained(stage, made as StageStream, "10 KB");
}

export const stageStreamCases: readonly ConformanceCase<XComStageUnderTest>[] = [
  {
    name: "gives every stream back that it does not decline, however it is cut; streams and values are read both ways",
    async run(subject) {
      const { stage } = subject;
      const streams = streamsOf(subject);
      if (!streams) return;
      let applied = 0;
      let turn = 0;
      const large = { what: "6 MiB of text", bytes: textOf(6_291_456) };
      for (const { what, bytes } of [...sampleBytes(), large]) {
        const cut = cuts[turn++ % cuts.length] as readonly number[];
        const made = await streams.write(watchedSource(bytes, cut), address, () => undefined);
        const whole = await stage.write(bytes, address, undefined);
        if (whole) {
          const read = streams.read(pieces(whole.bytes), whole.envelope, address);
          expectBytes(await joined(read), bytes, `${what}, written in one piece and read in many`);
        }
        if (!made) continue;
        applied++;
        const { bytes: stored, envelope } = await drained(stage, made, what);
        expectBytes(await stage.read(stored, envelope, address), bytes, `${what}, written in pieces and read in one`);
        const size = [1_000_000, 70_001, 4_096][turn % 3];
        expectBytes(await joined(streams.read(pieces(stored, size), envelope, address)), bytes, `${what}, in pieces`);
      }
      expect(applied, "it is of use for some of them").toBeGreaterThan(0);
    },
  },
  {
    name: "hands on pieces of at most 1 MiB",
    async run(subject) {
      const streams = streamsOf(subject);
      if (!streams) return;
      for (const bytes of [new Uint8Array(20_000_000), randomBytes(5_000_000, 3)]) {
        const made = await streams.write(watchedSource(bytes, [1_048_576]), address, () => undefined);
        if (!made) continue;
        const stored: Uint8Array[] = [];
        for await (const piece of made.pieces) stored.push(Uint8Array.from(piece));
        for (const piece of stored) expect(piece.length).toBeLessThanOrEqual(1_048_576);
        async function* again(): AsyncGenerator<Uint8Array> {
          yield* stored;
        }
        for await (const piece of streams.read(again(), made.envelope(), address))
          expect(piece.length).toBeLessThanOrEqual(1_048_576);
      }
    },
  },
  {
    name: "knows the envelope beneath a stream when the stream has ended, and not before",
    async run(subject) {
      const streams = streamsOf(subject);
      if (!streams) return;
      const source = watchedSource(largeText(), [1_000]);
      const beneath = (): XComEnvelope => {
        expect(source.isOver, "it asks for what is beneath only once the source has ended").toBe(true);
        return inner;
      };
      const made = await streams.write(source, address, beneath);
      expect(made).toBeDefined();
      const { bytes, envelope } = await drained(subject.stage, made as StageStream, "over another");
      const read = streams.read(pieces(bytes), { ...envelope, inner }, address);
      expectBytes(await joined(read), largeText(), "over another");
    },
  },
  {
    name: "a stream that was altered, cut or added to is refused at its end at the latest, by an error with a code",
    async run(subject) {
      const streams = streamsOf(subject);
      if (!streams) return;
      const result = await writtenText(subject.stage, streams);
      for (const { how, bytes } of damaged(result.bytes))
        await expectRefusal(joined(streams.read(pieces(bytes, 700), result.envelope, address)), how);
    },
  },
  {
    name: "declines by the head alone: what it declines it has not read",
    async run(subject) {
      const streams = streamsOf(subject);
      if (!streams) return;
      for (const { what, bytes } of sampleBytes()) {
        const source = watchedSource(bytes, [1_000]);
        if (await streams.write(source, address, () => undefined)) continue;
        expect(source.taken, `${what}: pieces taken of what was declined`).toBe(0);
      }
    },
  },
  {
    name: "what the source throws passes through as it is, both ways",
    async run(subject) {
      const streams = streamsOf(subject);
      if (!streams) return;
      const broken = new Error("the pipe broke");
      const failing = (bytes: Uint8Array): XComSource => watchedSource(bytes, [10_000], broken);
      const write = async () => {
        const made = await streams.write(failing(textOf(300_000)), address, () => undefined);
        if (made) await joined(made.pieces);
        else throw broken;
      };
      await expect(write()).rejects.toBe(broken);
      const { bytes, envelope } = await writtenText(subject.stage, streams);
      await expect(joined(streams.read(failing(bytes.slice(0, -1)), envelope, address))).rejects.toBe(broken);
    },
  },
  {
    name: "whoever stops early ends the source, both ways",
    async run(subject) {
      const streams = streamsOf(subject);
      if (!streams) return;
      const bytes = textOf(8_000_000);
      const source = watchedSource(bytes, [100_000]);
      const made = await streams.write(source, address, () => undefined);
      if (made) {
        for await (const _ of made.pieces) break;
        expect(source.isOver, "the source of what is written").toBe(true);
      }
      const stored = await streams.write(watchedSource(bytes, [100_000]), address, () => undefined);
      if (!stored) return;
      const { bytes: written, envelope } = await drained(subject.stage, stored, "8 MB");
      const reading = watchedSource(written, [10_000]);
      for await (const _ of streams.read(reading, envelope, address)) break;
      expect(reading.isOver, "the source of what is read").toBe(true);
    },
  },
  {
    name: "stops when it is told to, with the reason it is told, and ends its source",
    async run(subject) {
      const { stage } = subject;
      const reason = new Error("nobody waits any more");
      const call = { signal: AbortSignal.abort(reason) };
      const text = largeText();
      const result = await stage.write(text, address, undefined);
      expect(result).toBeDefined();
      if (!result) return;
      await expect(stage.write(text, address, undefined, call), "writing").rejects.toBe(reason);
      await expect(stage.read(result.bytes, result.envelope, address, call), "reading").rejects.toBe(reason);
      const streams = streamsOf(subject);
      if (!streams) return;
      const stop = new AbortController();
      const source = watchedSource(textOf(30_000_000), [100_000]);
      const write = async () => {
        const made = await streams.write(source, address, () => undefined, { signal: stop.signal });
        if (!made) throw reason;
        for await (const _ of made.pieces) stop.abort(reason);
      };
      await expect(write(), "writing a stream").rejects.toBe(reason);
      expect(source.isOver || source.taken === 0, "its source is ended").toBe(true);
      const reading = watchedSource(result.bytes, [10]);
      await expect(joined(streams.read(reading, result.envelope, address, call)), "reading a stream").rejects.toBe(
        reason,
      );
      expect(reading.isOver || reading.taken === 0, "what it was read from is ended").toBe(true);
    },
  },
];
