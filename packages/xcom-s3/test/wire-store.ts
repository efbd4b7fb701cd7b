import { randomBytes } from "node:crypto";
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import type { XComEnvelope } from "@millrace/core/plugin";
import { type S3Server, type S3ServerOptions, startS3Server } from "@millrace/testing/s3";
import type { S3Options } from "../src/index.ts";

/** A store that tests speak to over the wire, and hands that reach behind the place. */
export interface WireStore {
  /** For `s3`: a prefix that nobody else has, on this store. */
  readonly options: S3Options & { readonly endpoint: string; readonly prefix: string; readonly region: string };
  /** The server in this process; undefined for a real one, which takes no faults. */
  readonly server: S3Server;
  /** The SDK as it is. */
  readonly client: S3Client;
  /** Keys below the prefix. */
  keys(): Promise<readonly string[]>;
  /** Keys of uploads below the prefix that were begun and not finished. */
  uploads(): Promise<readonly string[]>;
  read(key: string): Promise<Uint8Array>;
  damage(how: "lose" | "truncate" | "alter", envelope: XComEnvelope): Promise<void>;
  close(): Promise<void>;
}

/** True when the tests run against a server that environment variables name. */
export const isRealServer = process.env.MILLRACE_TEST_S3_ENDPOINT !== undefined;

/** Neither profiles nor roles of the machine that runs the tests have a say in them. */
function leaveMachineOut(): void {
  process.env.AWS_CONFIG_FILE = "/dev/null";
  process.env.AWS_SHARED_CREDENTIALS_FILE = "/dev/null";
  process.env.AWS_EC2_METADATA_DISABLED = "true";
}

/** Starts a server in this process, or goes to the one that `MILLRACE_TEST_S3_ENDPOINT` and `MILLRACE_TEST_S3_BUCKET` name. */
export async function wireStore(serverOptions: S3ServerOptions = {}): Promise<WireStore> {
  leaveMachineOut();
  const prefix = `test-${randomBytes(6).toString("hex")}`;
  const { MILLRACE_TEST_S3_ENDPOINT: endpoint, MILLRACE_TEST_S3_BUCKET: bucket = "millrace-test" } = process.env;
  if (endpoint !== undefined) {
    const region = process.env.AWS_REGION ?? "us-east-1";
    return storeOf({ bucket, endpoint, prefix, region }, undefined);
  }
  const server = await startS3Server(serverOptions);
  process.env.AWS_ACCESS_KEY_ID = server.accessKeyId;
  process.env.AWS_SECRET_ACCESS_KEY = server.secretAccessKey;
  const { region } = server;
  return storeOf({ bucket: server.bucket, endpoint: server.endpoint, prefix, region }, server);
}

function storeOf(options: WireStore["options"], server: S3Server | undefined): WireStore {
  const { bucket: Bucket, endpoint, prefix, region } = options;
  const client = new S3Client({ endpoint, region, forcePathStyle: true });
  const keys = async (): Promise<readonly string[]> => {
    const found: string[] = [];
    let ContinuationToken: string | undefined;
    do {
      const command = new ListObjectsV2Command({
        Bucket,
        Prefix: prefix,
        ...(ContinuationToken && { ContinuationToken }),
      });
      const page = await client.send(command);
      found.push(...(page.Contents ?? []).map(({ Key = "" }) => Key));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    return found;
  };
  const read = async (Key: string): Promise<Uint8Array> => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    return (await Body?.transformToByteArray()) ?? new Uint8Array();
  };
  const remove = async (all: readonly string[]): Promise<void> => {
    for (let at = 0; at < all.length; at += 1_000) {
      const Objects = all.slice(at, at + 1_000).map((Key) => ({ Key }));
      await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    }
  };
  return {
    options,
    server: server as S3Server,
    client,
    keys,
    async uploads() {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: prefix }));
      return Uploads.map(({ Key = "" }) => Key);
    },
    read,
    async damage(how, envelope) {
      const Key = `${prefix}/${String(envelope.path)}`;
      if (how === "lose") return remove([Key]);
      const bytes = await read(Key);
      const Body =
        how === "truncate" ? bytes.slice(0, -1) : Uint8Array.from(bytes, (byte, n) => (n === 7 ? byte ^ 1 : byte));
      await client.send(new PutObjectCommand({ Bucket, Key, Body }));
    },
    async close() {
      if (server) await server.close();
      else await remove(await keys());
      client.destroy();
    },
  };
}

/** An XCom's address; every one differs from every other. */
export function addressOf(key: string, runId = "manual__2026-01-01T00:00:00Z_1") {
  return { dagId: "sales", runId, taskId: "group.extract", mapIndex: -1, key };
}
