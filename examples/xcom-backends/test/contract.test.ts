import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type XComBackendPart, type XComEnvelope, type XComPlace, xcomBackend } from "@millrace/core/plugin";
import { startS3Server } from "@millrace/testing/s3";
import { type XComBackendUnderTest, xcomBackendSuite } from "@millrace/testing/suites";
import { aesGcm } from "@millrace/xcom-aes-gcm";
import { file } from "@millrace/xcom-file";
import { gzip } from "@millrace/xcom-gzip";
import { hybrid } from "@millrace/xcom-hybrid";
import { s3 } from "@millrace/xcom-s3";

// Every backend and every stack of them keeps the same promises: one suite for all.

/** The parts of a stack, made once by each process; `place` is counted. */
type MakeParts = (place: XComPlace) => readonly XComBackendPart[];

const keys = [{ id: "k1", key: randomBytes(32).toString("base64") }];

async function countOf(place: XComPlace): Promise<number> {
  let count = 0;
  for await (const _ of place.list?.() ?? []) count++;
  return count;
}

function inFiles(parts: MakeParts): () => XComBackendUnderTest {
  return () => {
    const dir = mkdtempSync(join(tmpdir(), "millrace-contract-"));
    const backend = () => xcomBackend(parts(file({ dir })));
    return {
      backend: backend(),
      reopened: backend,
      chunks: memoryPlace(),
      count: () => countOf(file({ dir })),
      cleanup: () => rmSync(dir, { recursive: true, force: true }),
    };
  };
}

function inBucket(parts: MakeParts): () => Promise<XComBackendUnderTest> {
  return async () => {
    const server = await startS3Server();
    const { bucket, endpoint, region, accessKeyId, secretAccessKey } = server;
    process.env["AWS_ACCESS_KEY_ID"] = accessKeyId;
    process.env["AWS_SECRET_ACCESS_KEY"] = secretAccessKey;
    const places: XComPlace[] = [];
    const place = (): XComPlace => {
      const made = s3({ bucket, prefix: "contract", endpoint, region });
      places.push(made);
      return made;
    };
    const backend = () => xcomBackend(parts(place()));
    const counted = place();
    return {
      backend: backend(),
      reopened: backend,
      chunks: memoryPlace(),
      count: () => countOf(counted),
      async cleanup() {
        await Promise.all(places.map((made) => made.close?.()));
        await server.close();
      },
    };
  };
}

function inStore(parts: () => readonly XComBackendPart[]): () => XComBackendUnderTest {
  return () => {
    const backend = () => xcomBackend(parts());
    return { backend: backend(), reopened: backend, chunks: memoryPlace() };
  };
}

/** Where the store would keep the pieces of streams. */
function memoryPlace(): XComPlace {
  const kept = new Map<string, readonly Uint8Array[]>();
  const of = ({ path }: XComEnvelope): readonly Uint8Array[] => {
    const pieces = kept.get(String(path));
    if (!pieces) throw new Error("nothing is there");
    return pieces;
  };
  return {
    kind: "place",
    name: "memory",
    marker: "_xcom_memory",
    put: async () => undefined,
    get: async (envelope) => Buffer.concat(of(envelope)),
    async putStream(source) {
      const pieces: Uint8Array[] = [];
      for await (const piece of source) pieces.push(Uint8Array.from(piece));
      const path = String(kept.size);
      kept.set(path, pieces);
      return { _xcom_memory: true, path };
    },
    async *getStream(envelope) {
      yield* of(envelope);
    },
    refOf: ({ path }) => String(path),
    async remove(refs) {
      for (const ref of refs) kept.delete(ref);
    },
  };
}

xcomBackendSuite(
  "as it is",
  inStore(() => []),
);
xcomBackendSuite(
  "gzip",
  inStore(() => [gzip()]),
);
xcomBackendSuite(
  "AES-GCM",
  inStore(() => [aesGcm({ keys })]),
);
xcomBackendSuite(
  "gzip → AES-GCM",
  inStore(() => [gzip(), aesGcm({ keys })]),
);
xcomBackendSuite(
  "file",
  inFiles((place) => [place]),
);
xcomBackendSuite(
  "zstd → AES-GCM → file",
  inFiles((place) => [gzip({ algorithm: "zstd" }), aesGcm({ keys }), place]),
);
xcomBackendSuite(
  "hybrid",
  inFiles((place) => [hybrid({ compress: gzip(), encrypt: aesGcm({ keys }), place })]),
);
xcomBackendSuite(
  "S3",
  inBucket((place) => [place]),
);
xcomBackendSuite(
  "gzip → AES-GCM → S3",
  inBucket((place) => [gzip(), aesGcm({ keys }), place]),
);
