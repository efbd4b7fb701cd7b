/** An S3 server in memory, for tests of what speaks to S3. Works with any test runner and any client. */
export type { S3Fault, S3FaultPlan, S3FaultRule } from "./s3/faults.ts";
export type { S3Objects, S3ObjectView } from "./s3/objects-view.ts";
export type { S3Operation } from "./s3/operations.ts";
export type { S3ErrorCode } from "./s3/refusals.ts";
export type { S3RequestNote } from "./s3/request-log.ts";
export { type S3Server, type S3ServerOptions, type S3UploadView, startS3Server } from "./s3/server.ts";
export { s3Quirks } from "./s3/store-quirks.ts";
