/** XCom values in S3 and in stores that speak its protocol. */
export { type S3ErrorCode, s3ErrorTable } from "./errors.ts";
export { manifest } from "./manifest.ts";
export type { S3Options } from "./options.ts";
export type {
  S3Body,
  S3GetAnswer,
  S3GetRequest,
  S3ListedObject,
  S3ListedUpload,
  S3ListRequest,
  S3NotDeleted,
  S3ObjectName,
  S3Page,
  S3PartReceipt,
  S3Port,
  S3PortCall,
  S3PutRequest,
  S3UploadName,
} from "./port.ts";
export { s3, s3 as default } from "./s3.ts";
