import type { XComPlace, XComStage } from "@millrace/core/plugin";
import { describe } from "vitest";
import { xcomPlaceSuite, xcomStageSuite } from "../../src/suites.ts";
import { placeCases, type XComPlaceUnderTest } from "../../src/xcom/place-cases.ts";
import { placeStreamCases } from "../../src/xcom/place-stream-cases.ts";
import { stageCases, type XComStageUnderTest } from "../../src/xcom/stage-cases.ts";
import { stageStreamCases } from "../../src/xcom/stage-stream-cases.ts";
import { proveSuite } from "../conformance/prove-suite.ts";
import { samplePlace, sampleStage } from "./sample-parts.ts";

xcomStageSuite("sample", () => ({ stage: sampleStage() }));
xcomPlaceSuite("sample", placeOf);

function placeOf(): XComPlaceUnderTest {
  const { place, kept } = samplePlace();
  return {
    place,
    count: () => kept.size,
    outside: () => [],
    damage(how, { path }) {
      const bytes = kept.get(String(path)) as Uint8Array;
      if (how === "lose") kept.delete(String(path));
      else if (how === "truncate") kept.set(String(path), bytes.slice(0, -10));
      else
        kept.set(
          String(path),
          Uint8Array.from(bytes, (byte, place) => (place === 7 ? byte ^ 4 : byte)),
        );
    },
  };
}

const stageBy = (breaks: (inner: XComStage) => Partial<XComStage>) => (): XComStageUnderTest => {
  const inner = sampleStage();
  return { stage: { ...inner, ...breaks(inner) } };
};
const writing = (change: (result: NonNullable<Awaited<ReturnType<XComStage["write"]>>>) => unknown) =>
  stageBy((inner) => ({
    async write(...args) {
      const result = await inner.write(...args);
      return result && ({ ...result, ...(change(result) as object) } as typeof result);
    },
  }));

describe("the suite of stages", () => {
  proveSuite(stageCases, {
    sound: { sample: () => ({ stage: sampleStage() }) },
    broken: {
      "has no name": stageBy(() => ({ name: "" })),
      "has a marker like any field": stageBy(() => ({ marker: "data" })),
      "has an effect of its own": stageBy(() => ({ effect: "shorten" as "other" })),
      "declines everything": stageBy(() => ({ write: async () => undefined })),
      "leaves its marker out": writing(({ envelope }) => ({ envelope: { ...envelope, _xcom_sampled: false } })),
      "keeps the bytes in the envelope": writing(({ envelope, bytes }) => ({
        envelope: { ...envelope, copy: Buffer.from(bytes).toString("base64") },
      })),
      "has what is no JSON in its envelope": writing(({ envelope }) => ({
        envelope: { ...envelope, at: new Date(0) },
      })),
      "names its own bytes": writing(({ envelope }) => ({ envelope: { ...envelope, data: "" } })),
      "loses the last byte of long values": stageBy((inner) => ({
        read: async (...args) => {
          const bytes = await inner.read(...args);
          return bytes.length > 60_000 ? bytes.slice(0, -1) : bytes;
        },
      })),
      "works on its input": stageBy((inner) => ({
        write(bytes, ...rest) {
          const result = inner.write(bytes, ...rest);
          bytes.fill(0);
          return result;
        },
      })),
      "takes altered bytes": stageBy(() => ({ read: async (bytes) => bytes.map((byte) => byte ^ 0xff) })),
      "throws plain errors": stageBy((inner) => ({
        read: (...args) =>
          inner.read(...args).catch(() => {
            throw new Error("wrong");
          }),
      })),
      "shows the value": stageBy((inner) => ({
        read: (bytes, ...rest) =>
          inner.read(bytes, ...rest).catch((error: Error) => {
            error.message += Buffer.from(bytes.map((byte) => byte ^ 0xff)).toString();
            throw error;
          }),
      })),
      "trusts its envelope": stageBy((inner) => ({
        read: async (bytes, envelope, address) => {
          const read = await inner.read(bytes, { size_bytes: 1, ...envelope }, address);
          return read.slice(0, Number(envelope.size_bytes));
        },
      })),
      "reads without an envelope": stageBy((inner) => ({
        read: async (bytes, envelope, address) =>
          Object.keys(envelope).length === 0 ? bytes : inner.read(bytes, envelope, address),
      })),
      "cannot stand on another": stageBy((inner) => ({
        write: (bytes, address, beneath) =>
          beneath ? Promise.resolve(undefined) : inner.write(bytes, address, undefined),
      })),
      "knows its values by their addresses only": stageBy((inner) => {
        let last: Uint8Array = new Uint8Array(0);
        return {
          write(bytes, ...rest) {
            last = bytes;
            return inner.write(bytes, ...rest);
          },
          read: async (bytes, envelope, address) => {
            await inner.read(bytes, envelope, address);
            return address.key.startsWith("k") ? last : inner.read(bytes, envelope, address);
          },
        };
      }),
      "cannot be read from on top of itself": stageBy((inner) => ({
        read: async (bytes, envelope, address) => {
          const read = await inner.read(bytes, envelope, address);
          return "inner" in envelope && "size_bytes" in (envelope.inner as object) ? read.slice(1) : read;
        },
      })),
    },
  });
});

const placeBy = (breaks: (inner: XComPlace) => Partial<XComPlace>) => (): XComPlaceUnderTest => {
  const subject = placeOf();
  return { ...subject, place: { ...subject.place, ...breaks(subject.place) } };
};

describe("the suite of places", () => {
  proveSuite(placeCases, {
    sound: { sample: placeOf },
    broken: {
      "has no marker of its own": placeBy(() => ({ marker: "path" })),
      "declines everything": placeBy(() => ({ put: async () => undefined })),
      "keeps no empty value": placeBy((inner) => ({
        get: async (envelope, address) => {
          const bytes = await inner.get(envelope, address);
          return bytes.length === 0 ? new Uint8Array(1) : bytes;
        },
      })),
      "keeps the bytes in the envelope": placeBy((inner) => ({
        put: async (bytes, ...rest) => ({
          ...(await inner.put(bytes, ...rest)),
          copy: Buffer.from(bytes).toString("base64"),
        }),
      })),
      "keeps the very bytes that it is given": placeBy((inner) => {
        const given = new Map<unknown, Uint8Array>();
        return {
          async put(bytes, ...rest) {
            const envelope = await inner.put(bytes, ...rest);
            given.set(envelope?.path, bytes);
            return envelope;
          },
          async get(envelope, address) {
            await inner.get(envelope, address);
            return given.get(envelope.path) as Uint8Array;
          },
        };
      }),
      "works on its input": placeBy((inner) => ({
        async put(bytes, ...rest) {
          const envelope = await inner.put(bytes, ...rest);
          bytes.fill(0);
          return envelope;
        },
      })),
      "removes nothing": placeBy(() => ({ remove: async () => undefined })),
      "removes the newest": placeBy((inner) => {
        let newest: string | undefined;
        return {
          async put(...args) {
            const envelope = await inner.put(...args);
            newest = envelope && inner.refOf(envelope);
            return envelope;
          },
          remove: () => inner.remove(newest === undefined ? [] : [newest]),
        };
      }),
      "takes no second removal": placeBy((inner) => {
        const removed = new Set<string>();
        return {
          async remove(refs) {
            for (const ref of refs) {
              if (removed.has(ref)) throw new Error("removed already");
              removed.add(ref);
            }
            await inner.remove(refs);
          },
        };
      }),
      "gives nothing for what is gone": placeBy((inner) => ({
        get: (...args) =>
          inner.get(...args).catch((error: { code: string }) => {
            if (error.code === "SAMPLE_MISSING") return new Uint8Array(0);
            throw error;
          }),
      })),
      "has one error for all that is wrong": placeBy((inner) => ({
        get: (...args) =>
          inner.get(...args).catch((error: { code: string }) => {
            error.code = "SAMPLE_WRONG";
            throw error;
          }),
      })),
      "throws plain errors": placeBy((inner) => ({
        get: (...args) =>
          inner.get(...args).catch(() => {
            throw new Error("wrong");
          }),
      })),
      "keeps one value by address": () => {
        const subject = placeOf();
        const paths = new Map<string, unknown>();
        const { place } = subject;
        return {
          ...subject,
          place: {
            ...place,
            async put(bytes, address, beneath) {
              const envelope = await place.put(bytes, address, beneath);
              paths.set(JSON.stringify(address), envelope);
              return envelope;
            },
            get: (_, address) =>
              place.get(paths.get(JSON.stringify(address)) as Parameters<XComPlace["get"]>[0], address),
          },
        };
      },
      "takes addresses that differ in case or signs for one": () => {
        const subject = placeOf();
        const { place } = subject;
        const paths = new Map<string, Promise<unknown>>();
        const nameOf = (address: object): string =>
          JSON.stringify(address)
            .replaceAll(/[^A-Za-z0-9]/g, "")
            .toLowerCase();
        return {
          ...subject,
          place: {
            ...place,
            async put(bytes, address, beneath) {
              const placed = place.put(bytes, address, beneath);
              if (!paths.has(nameOf(address)) || bytes.length < 3_000) paths.set(nameOf(address), placed);
              return (await paths.get(nameOf(address))) as Awaited<typeof placed>;
            },
          },
        };
      },
      "writes outside for hostile addresses": () => {
        const subject = placeOf();
        const outside: string[] = [];
        const { place } = subject;
        return {
          ...subject,
          outside: () => [...outside],
          place: {
            ...place,
            put(bytes, address, beneath) {
              if (address.key.includes("..")) outside.push(address.key);
              return place.put(bytes, address, beneath);
            },
          },
        };
      },
      "throws plain errors for hostile addresses": placeBy((inner) => ({
        async put(bytes, address, beneath) {
          if (JSON.stringify(address).includes("\\u0000")) throw new TypeError("must be a string without null bytes");
          return inner.put(bytes, address, beneath);
        },
      })),
      "follows any path": placeBy((inner) => ({
        async get(envelope, address) {
          if (String(envelope.path).includes("passwd")) return new Uint8Array([1]);
          return inner.get(envelope, address);
        },
      })),
      "mixes what comes at once": placeBy((inner) => {
        let last: Parameters<XComPlace["get"]>[0] | undefined;
        let underWay = 0;
        return {
          async put(...args) {
            underWay++;
            const envelope = await inner.put(...args);
            await Promise.resolve();
            last = underWay > 1 ? (last ?? envelope) : envelope;
            underWay--;
            return last;
          },
        };
      }),
      "removes the first of several only": placeBy((inner) => ({ remove: ([first]) => inner.remove([first]) })),
    },
  });
});

type WriteStream = NonNullable<XComStage["writeStream"]>;
type ReadStream = NonNullable<XComStage["readStream"]>;

/** Changes the streams of the sample stage. */
const stageStreams = (
  change: (streams: {
    readonly write: WriteStream;
    readonly read: ReadStream;
    readonly stage: XComStage;
  }) => Partial<XComStage>,
) =>
  stageBy((stage) => change({ write: stage.writeStream as WriteStream, read: stage.readStream as ReadStream, stage }));

async function* inOnePiece(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  yield Buffer.concat(all);
}

async function* renamed(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* pieces;
  } catch (error) {
    throw new Error("the stage broke", { cause: error });
  }
}

/** Takes pieces and never ends what it took them of. */
async function* unending(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const iterator = pieces[Symbol.asyncIterator]();
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
}

describe("the suite of stages, streams", () => {
  proveSuite(stageStreamCases, {
    sound: { sample: () => ({ stage: sampleStage() }) },
    broken: {
      "handles no streams": stageBy(() => ({ writeStream: undefined })),
      "declines every stream": stageStreams(() => ({ writeStream: async () => undefined })),
      "writes streams in a way of its own": stageStreams(({ write }) => ({
        writeStream: async (...args) => {
          const made = await write(...args);
          return made && { ...made, envelope: () => ({ ...made.envelope(), checksum: "of its own" }) };
        },
      })),
      "reads only what streams wrote": stageStreams(({ read }) => ({
        readStream: (pieces, envelope, ...rest) =>
          read(pieces, Number(envelope.size_bytes) > 1_000_000 ? {} : envelope, ...rest),
      })),
      "hands on everything at once": stageStreams(({ write }) => ({
        writeStream: async (...args) => {
          const made = await write(...args);
          return made && { ...made, pieces: inOnePiece(made.pieces) };
        },
      })),
      "reads everything at once": stageStreams(({ read }) => ({ readStream: (...args) => inOnePiece(read(...args)) })),
      "asks too early what is beneath": stageStreams(({ write }) => ({
        writeStream: (source, address, inner, call) => {
          inner();
          return write(source, address, inner, call);
        },
      })),
      "takes altered streams": stageStreams(({ read, stage }) => ({
        readStream: (pieces, ...rest) =>
          (async function* () {
            try {
              yield* read(pieces, ...rest);
            } catch (error) {
              if (!String((error as { code?: string }).code).includes("ALTERED")) throw error;
            }
            void stage;
          })(),
      })),
      "reads what it declines": stageStreams(({ write }) => ({
        writeStream: async (source, ...rest) => {
          if (source.isWhole && source.head.length < 100) for await (const _ of source) break;
          return write(source, ...rest);
        },
      })),
      "hides what the source throws when writing": stageStreams(({ write }) => ({
        writeStream: async (...args) => {
          const made = await write(...args);
          return made && { ...made, pieces: renamed(made.pieces) };
        },
      })),
      "hides what the source throws when reading": stageStreams(({ read }) => ({
        readStream: (...args) => renamed(read(...args)),
      })),
      "does not end its source when writing": stageStreams(({ write }) => ({
        writeStream: (source, ...rest) => {
          const pieces = unending(source);
          return write(
            { ...source, head: source.head, isWhole: source.isWhole, [Symbol.asyncIterator]: () => pieces },
            ...rest,
          );
        },
      })),
      "does not end its source when reading": stageStreams(({ read }) => ({
        readStream: (pieces, ...rest) => read(unending(pieces), ...rest),
      })),
      "writes on when it is told to stop": stageBy((inner) => ({
        write: (bytes, address, beneath) => inner.write(bytes, address, beneath),
      })),
      "reads on when it is told to stop": stageBy((inner) => ({
        read: (bytes, envelope, address) => inner.read(bytes, envelope, address),
      })),
      "writes streams on when it is told to stop": stageStreams(({ write }) => ({
        writeStream: (source, address, beneath) => write(source, address, beneath),
      })),
      "reads streams on when it is told to stop": stageStreams(({ read }) => ({
        readStream: (pieces, envelope, address) => read(pieces, envelope, address),
      })),
    },
  });
});

type PutStream = NonNullable<XComPlace["putStream"]>;
type GetStream = NonNullable<XComPlace["getStream"]>;

const placeStreams = (
  change: (streams: {
    readonly put: PutStream;
    readonly get: GetStream;
    readonly place: XComPlace;
  }) => Partial<XComPlace>,
) => placeBy((place) => change({ put: place.putStream as PutStream, get: place.getStream as GetStream, place }));

describe("the suite of places, streams", () => {
  proveSuite(placeStreamCases, {
    sound: { sample: placeOf },
    broken: {
      "handles no streams": placeBy(() => ({ getStream: undefined })),
      "declines every stream": placeStreams(() => ({ putStream: async () => undefined })),
      "reads what it declines": placeStreams(({ put }) => ({
        putStream: async (source, ...rest) => {
          if (!source.isWhole || source.head.length > 1) return put(source, ...rest);
          for await (const _ of source) break;
          return undefined;
        },
      })),
      "gives streams at once": placeStreams(({ get }) => ({ getStream: (...args) => inOnePiece(get(...args)) })),
      "gives one buffer again and again": placeStreams(({ get }) => ({
        getStream: (...args) =>
          (async function* () {
            const again = Buffer.alloc(1_000_000);
            for await (const piece of get(...args)) {
              again.set(piece);
              yield again.subarray(0, piece.length);
            }
          })(),
      })),
      "loses the last byte of streams": placeStreams(({ put }) => ({
        putStream: (source, ...rest) =>
          put(
            {
              ...{ head: source.head, isWhole: source.isWhole },
              async *[Symbol.asyncIterator]() {
                for await (const piece of source) yield piece.length > 60_000 ? piece.slice(0, -1) : piece;
              },
            },
            ...rest,
          ),
      })),
      "gives nothing for a lost stream": placeStreams(({ get }) => ({
        getStream: (...args) =>
          (async function* () {
            try {
              yield* get(...args);
            } catch (error) {
              if ((error as { code: string }).code !== "SAMPLE_MISSING") throw error;
            }
          })(),
      })),
      "keeps half a stream": placeStreams(({ put }) => ({
        putStream: async (source, address, call) => {
          const pieces: Uint8Array[] = [];
          const half = (async function* () {
            try {
              for await (const piece of source) {
                pieces.push(piece);
                yield piece;
              }
            } catch (error) {
              await put(
                {
                  head: Buffer.alloc(0),
                  isWhole: false,
                  [Symbol.asyncIterator]: async function* () {
                    yield* pieces;
                  },
                },
                address,
              );
              throw error;
            }
          })();
          return put({ head: source.head, isWhole: source.isWhole, [Symbol.asyncIterator]: () => half }, address, call);
        },
      })),
      "hides what the source throws": placeStreams(({ put }) => ({
        putStream: (...args) =>
          put(...args).catch((error: unknown) => {
            throw new Error("the place broke", { cause: error });
          }),
      })),
      "forgets what was read in part": placeStreams(({ get, place }) => ({
        getStream: (envelope, ...rest) =>
          (async function* () {
            let isWhole = false;
            try {
              yield* get(envelope, ...rest);
              isWhole = true;
            } finally {
              if (!isWhole) await place.remove([place.refOf(envelope)]);
            }
          })(),
      })),
      "puts on when it is told to stop": placeBy((inner) => ({
        put: (bytes, address, beneath) => inner.put(bytes, address, beneath),
      })),
      "gets on when it is told to stop": placeBy((inner) => ({
        get: (envelope, address) => inner.get(envelope, address),
      })),
      "puts streams on when it is told to stop": placeStreams(({ put }) => ({
        putStream: (source, address) => put(source, address),
      })),
      "gets streams on when it is told to stop": placeStreams(({ get }) => ({
        getStream: (envelope, address) => get(envelope, address),
      })),
      "lists nothing": placeBy(() => ({ async *list() {} })),
      "lists names of its own": placeBy((inner) => ({
        async *list(...args) {
          for await (const one of inner.list?.(...args) ?? []) yield { ...one, ref: `/${one.ref}` };
        },
      })),
      "lists everything whatever is asked": placeBy((inner) => ({ list: () => inner.list?.() as never })),
      "lists in the order of writing": placeBy((inner) => ({
        async *list(...args) {
          const all = [];
          for await (const one of inner.list?.(...args) ?? []) all.push(one);
          yield* all.sort((one, other) => Number(one.ref) - Number(other.ref));
        },
      })),
      "takes all for unfinished": placeBy((inner) => ({
        async *list(...args) {
          for await (const one of inner.list?.(...args) ?? []) yield { ...one, isPartial: true };
        },
      })),
    },
  });
});
