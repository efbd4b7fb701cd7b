import { emptyAnswer, type S3Answer, xmlAnswer } from "./answers.ts";
import type { S3Body } from "./body.ts";
import type { Bucket } from "./bucket.ts";
import { listObjectsV2 } from "./listing.ts";
import { deleteObject, deleteObjects, getObject, getObjectTagging, headObject, putObject } from "./objects.ts";
import { refused } from "./refusals.ts";
import type { S3Request } from "./request.ts";

/** What an operation works on. */
export interface Call {
  readonly request: S3Request;
  /** Empty in operations on the bucket. */
  readonly key: string;
  readonly bucket: Bucket;
  readonly bucketName: string;
  readonly region: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Reads and checks the body; once. */
  readonly readBody: () => Promise<S3Body>;
}

interface Operation {
  readonly method: string;
  readonly on: "service" | "bucket" | "object";
  /** Parameters without which it is another operation. */
  readonly needs: readonly string[];
  /** Parameters that it may have. */
  readonly takes: readonly string[];
  readonly run: (call: Call) => S3Answer | Promise<S3Answer>;
}

const listParameters = [
  "prefix",
  "delimiter",
  "continuation-token",
  "max-keys",
  "start-after",
  "encoding-type",
  "fetch-owner",
];

const operations = {
  ListBuckets: { method: "GET", on: "service", needs: [], takes: ["prefix", "max-buckets"], run: listBuckets },
  HeadBucket: { method: "HEAD", on: "bucket", needs: [], takes: [], run: headBucket },
  CreateBucket: { method: "PUT", on: "bucket", needs: [], takes: [], run: createBucket },
  GetBucketLocation: { method: "GET", on: "bucket", needs: ["location"], takes: [], run: getBucketLocation },
  ListObjectsV2: { method: "GET", on: "bucket", needs: ["list-type"], takes: listParameters, run: listObjectsV2 },
  DeleteObjects: { method: "POST", on: "bucket", needs: ["delete"], takes: [], run: deleteObjects },
  GetObjectTagging: { method: "GET", on: "object", needs: ["tagging"], takes: [], run: getObjectTagging },
  PutObject: { method: "PUT", on: "object", needs: [], takes: [], run: putObject },
  GetObject: { method: "GET", on: "object", needs: [], takes: [], run: getObject },
  HeadObject: { method: "HEAD", on: "object", needs: [], takes: [], run: headObject },
  DeleteObject: { method: "DELETE", on: "object", needs: [], takes: [], run: deleteObject },
} as const satisfies Record<string, Operation>;

/** The operations that the server knows, by S3's names. */
export type S3Operation = keyof typeof operations;

/** Which operation a request asks for; undefined if none that is known here. */
export function operationOf(request: S3Request): S3Operation | undefined {
  const on = request.bucket === undefined ? "service" : request.key === undefined ? "bucket" : "object";
  const given = request.query.map(([name]) => name).filter((name) => name !== "x-id");
  const fits = (operation: Operation): boolean =>
    operation.method === request.method &&
    operation.on === on &&
    operation.needs.every((name) => given.includes(name)) &&
    given.every((name) => operation.needs.includes(name) || operation.takes.includes(name));
  return (Object.keys(operations) as S3Operation[]).find((name) => fits(operations[name]));
}

/** Carries out what a request asks for. */
export async function perform(operation: S3Operation | undefined, call: Call): Promise<S3Answer> {
  const { request } = call;
  if (operation === undefined) {
    const known = Object.values(operations).some(({ method }) => method === request.method);
    throw refused(
      known ? "NotImplemented" : "MethodNotAllowed",
      `This server has no operation for ${request.method} with the parameters ${request.query.map(([name]) => name).join(", ")}`,
    );
  }
  if (request.bucket !== undefined && request.bucket !== call.bucketName) throw refused("NoSuchBucket");
  return await operations[operation].run(call);
}

function listBuckets(call: Call): S3Answer {
  const bucket = [
    ["Name", call.bucketName],
    ["CreationDate", new Date(0).toISOString()],
  ] as const;
  return xmlAnswer([
    "ListAllMyBucketsResult",
    [
      ["Owner", [["ID", "millrace"]]],
      ["Buckets", [["Bucket", bucket]]],
    ],
  ]);
}

function headBucket(call: Call): S3Answer {
  return emptyAnswer(200, { "x-amz-bucket-region": call.region });
}

function createBucket(): S3Answer {
  throw refused("BucketAlreadyOwnedByYou");
}

function getBucketLocation(call: Call): S3Answer {
  return xmlAnswer(["LocationConstraint", call.region === "us-east-1" ? "" : call.region]);
}
