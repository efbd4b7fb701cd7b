import { type XComBackend, type XComPlace, xcomBackend } from "@millrace/core/plugin";
import { describe } from "vitest";
import { xcomBackendSuite } from "../../src/suites.ts";
import { backendCases, type XComBackendUnderTest } from "../../src/xcom/backend-cases.ts";
import { proveSuite } from "../conformance/prove-suite.ts";
import { samplePlace, sampleStage } from "./sample-parts.ts";

/** Streams stay here that no place takes. */
const chunkPlace = (): XComPlace => {
  const { place } = samplePlace();
  const renamed = (envelope: Awaited<ReturnType<XComPlace["put"]>>) =>
    envelope && { ...envelope, [place.marker]: false, _xcom_test_chunks: true };
  return {
    ...place,
    marker: "_xcom_test_chunks",
    put: async () => undefined,
    putStream: async (...given) => renamed(await place.putStream?.(...given)),
  };
};

const made = (parts: "none" | "stage" | "place" | "both") => (): XComBackendUnderTest => {
  const { place, kept } = samplePlace();
  const all = { none: [], stage: [sampleStage()], place: [place], both: [sampleStage(), place] }[parts];
  const backend = () => xcomBackend(all);
  return parts === "place" || parts === "both"
    ? { backend: backend(), reopened: backend, chunks: chunkPlace(), count: () => kept.size }
    : { backend: backend(), reopened: backend, chunks: chunkPlace() };
};

xcomBackendSuite("no part", made("none"));
xcomBackendSuite("a stage", made("stage"));
xcomBackendSuite("a stage and a place", made("both"));

const broken =
  (breaks: (inner: XComBackend, kept: Map<string, Uint8Array>) => Partial<XComBackend>) => (): XComBackendUnderTest => {
    const { place, kept } = samplePlace();
    const inner = xcomBackend([sampleStage(), place]);
    return {
      backend: { ...inner, ...breaks(inner, kept) },
      reopened: () => xcomBackend([sampleStage(), place]),
      chunks: chunkPlace(),
      count: () => kept.size,
    };
  };

describe("the suite of backends", () => {
  proveSuite(backendCases, {
    sound: { both: made("both") },
    broken: {
      "gives undefined for what it cannot read": broken((inner) => ({
        deserialize: (...given) => inner.deserialize(...given).catch(() => undefined),
      })),
      "reads nothing in the end": broken(() => ({ deserialize: async () => undefined })),
      "keeps no types": broken((inner) => ({
        deserialize: async (...given) => JSON.parse(await inner.deserializeText(...given)) as unknown,
      })),
      "takes everything for JSON": broken((inner) => ({
        serialize: (value, ...rest) => inner.serializeText(JSON.stringify(value) ?? "null", ...rest),
      })),
      "keeps what it refuses": broken((inner) => ({
        async serialize(value, ...rest) {
          await inner.serialize(large, ...rest);
          return inner.serialize(value, ...rest);
        },
      })),
      "says nothing of what it cannot keep": broken((inner) => ({
        serialize: (value, ...rest) =>
          (async () => inner.serialize(value, ...rest))().catch(() => inner.serialize(null, ...rest)),
      })),
      "loses the end of streams": broken((inner) => ({
        async *deserializeStream(...given) {
          let last: Uint8Array | undefined;
          for await (const piece of inner.deserializeStream(...given)) {
            if (last) yield last;
            last = piece;
          }
        },
      })),
      "ends every stream with a byte more": broken((inner) => ({
        async *deserializeStream(...given) {
          yield* inner.deserializeStream(...given);
          yield new Uint8Array(1);
        },
      })),
      "reads streams as values": broken((inner) => ({
        deserialize: (stored, ...rest) =>
          inner.deserialize(stored, ...rest).catch((error: { code: string }) => {
            if (error.code !== "XCOM_WRONG_KIND") throw error;
            return "bytes";
          }),
      })),
      "hides what a source throws": broken((inner) => ({
        serializeStream: (...given) =>
          inner.serializeStream(...given).catch((error: unknown) => {
            throw new Error("it broke", { cause: error });
          }),
      })),
      "purges nothing": broken(() => ({ purge: async () => undefined })),
      "purges everything": broken((inner, kept) => ({
        async purge(...given) {
          await inner.purge(...given);
          kept.clear();
        },
      })),
      "has one value for all addresses of a DAG": broken((inner) => {
        const stored = new Map<string, ReturnType<XComBackend["serialize"]>>();
        return {
          serialize(value, at, call) {
            const first = stored.get(at.dagId) ?? inner.serialize(value, at, call);
            if (typeof value === "string") stored.set(at.dagId, first);
            return typeof value === "string" ? first : inner.serialize(value, at, call);
          },
        };
      }),
      "reads what nobody wrote": broken((inner) => ({
        deserialize: (stored, ...rest) =>
          typeof stored === "object" && "_xcom_of_somebody_else" in stored
            ? Promise.resolve("")
            : inner.deserialize(stored, ...rest),
      })),
      "forgets with its process": () => {
        const { backend } = made("both")();
        return { backend, reopened: () => made("both")().backend, chunks: chunkPlace(), count: () => 0 };
      },
    },
  });
});

const large = "all work and no play ".repeat(2_000);
