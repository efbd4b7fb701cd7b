import { emptyAnswer, type S3Answer, xmlAnswer } from "./answers.ts";
import type { BodyOptions, S3Body } from "./body.ts";
import type { Bucket } from "./bucket.ts";
import { listObjectsV2 } from "./listing.ts";
import { abortMultipartUpload, completeMultipartUpload, createMultipartUpload, uploadPart } from "./multipart.ts";
import { deleteObject, deleteObjects, getObject, getObjectTagging, headObject, putObject } from "./objects.ts";
import { refused, type S3ErrorCode } from "./refusals.ts";
import type { S3Request } from "./request.ts";
import { listMultipartUploads, listParts } from "./upload-lists.ts";
import type { Uploads } from "./uploads.ts";

/** The operations that the server knows, by S3's names. */
export type S3Operation =
  | "ListBuckets"
  | "HeadBucket"
  | "CreateBucket"
  | "GetBucketLocation"
  | "ListObjectsV2"
  | "ListMultipartUploads"
  | "DeleteObjects"
  | "GetObjectTagging"
  | "CreateMultipartUpload"
  | "UploadPart"
  | "CompleteMultipartUpload"
  | "AbortMultipartUpload"
  | "ListParts"
  | "PutObject"
  | "GetObject"
  | "HeadObject"
  | "DeleteObject";

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
  readonly readBody: (options?: Partial<BodyOptions>) => Promise<S3Body>;
  readonly uploads: Uploads;
  /** The code with which a bulk delete leaves a key; undefined if it removes it. */
  readonly refuseDelete: (key: string) => S3ErrorCode | undefined;
  /** Least size of a part that is not the last one. */
  readonly minPartBytes: number;
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

const uploadListParameters = ["prefix", "delimiter", "key-marker", "upload-id-marker", "max-uploads", "encoding-type"];

const operations: Readonly<Record<S3Operation, Operation>> = {
  ListBuckets: { method: "GET", on: "service", needs: [], takes: ["prefix", "max-buckets"], run: listBuckets },
  HeadBucket: { method: "HEAD", on: "bucket", needs: [], takes: [], run: headBucket },
  CreateBucket: { method: "PUT", on: "bucket", needs: [], takes: [], run: createBucket },
  GetBucketLocation: { method: "GET", on: "bucket", needs: ["location"], takes: [], run: getBucketLocation },
  ListObjectsV2: { method: "GET", on: "bucket", needs: ["list-type"], takes: listParameters, run: listObjectsV2 },
  ListMultipartUploads: {
    method: "GET",
    on: "bucket",
    needs: ["uploads"],
    takes: uploadListParameters,
    run: listMultipartUploads,
  },
  DeleteObjects: { method: "POST", on: "bucket", needs: ["delete"], takes: [], run: deleteObjects },
  GetObjectTagging: { method: "GET", on: "object", needs: ["tagging"], takes: [], run: getObjectTagging },
  CreateMultipartUpload: { method: "POST", on: "object", needs: ["uploads"], takes: [], run: createMultipartUpload },
  UploadPart: { method: "PUT", on: "object", needs: ["uploadId", "partNumber"], takes: [], run: uploadPart },
  CompleteMultipartUpload: {
    method: "POST",
    on: "object",
    needs: ["uploadId"],
    takes: [],
    run: completeMultipartUpload,
  },
  AbortMultipartUpload: { method: "DELETE", on: "object", needs: ["uploadId"], takes: [], run: abortMultipartUpload },
  ListParts: {
    method: "GET",
    on: "object",
    needs: ["uploadId"],
    takes: ["max-parts", "part-number-marker"],
    run: listParts,
  },
  PutObject: { method: "PUT", on: "object", needs: [], takes: [], run: putObject },
  GetObject: { method: "GET", on: "object", needs: [], takes: [], run: getObject },
  HeadObject: { method: "HEAD", on: "object", needs: [], takes: [], run: headObject },
  DeleteObject: { method: "DELETE", on: "object", needs: [], takes: [], run: deleteObject },
};

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
