import { definePlugin } from "@millrace/core/plugin";
import { marker } from "./envelope.ts";
import { type S3Options, s3OptionsSchema } from "./options.ts";
import { s3 } from "./s3.ts";

const numberOf = (text: string): unknown => (text.trim() === "" ? text : Number(text));

function flagOf(text: string): boolean {
  if (/^(true|1|yes|on)$/i.test(text)) return true;
  if (/^(false|0|no|off)$/i.test(text)) return false;
  throw new Error("is neither true nor false");
}

/** By this the package can be named in `xcom.backend` and `xcom.parts` of a config file. */
export const manifest = definePlugin<S3Options>({
  kind: "xcom-place",
  name: "@millrace/xcom-s3",
  contractVersion: 1,
  marker,
  options: s3OptionsSchema,
  env: [
    { key: "MILLRACE_XCOM_S3_BUCKET", option: "bucket", says: "The bucket for XCom values" },
    { key: "MILLRACE_XCOM_S3_PREFIX", option: "prefix", says: "Below which every key lies" },
    { key: "MILLRACE_XCOM_S3_REGION", option: "region", says: "The bucket's region" },
    { key: "MILLRACE_XCOM_S3_ENDPOINT", option: "endpoint", says: "Address of a store that is not AWS" },
    {
      key: "MILLRACE_XCOM_S3_FORCE_PATH_STYLE",
      option: "forcePathStyle",
      says: "true: the bucket in the path",
      parse: flagOf,
    },
    {
      key: "MILLRACE_XCOM_S3_THRESHOLD_BYTES",
      option: "thresholdBytes",
      says: "Larger values go to S3",
      parse: numberOf,
    },
    {
      key: "MILLRACE_XCOM_S3_PART_SIZE_BYTES",
      option: "partSizeBytes",
      says: "Larger values go in parts",
      parse: numberOf,
    },
    {
      key: "MILLRACE_XCOM_S3_CHECKSUMS",
      option: "checksums",
      says: "required, or supported for a CRC-32 with everything",
    },
    { key: "MILLRACE_XCOM_S3_SSE", option: "sse", says: "none, AES256 or aws:kms" },
    { key: "MILLRACE_XCOM_S3_KMS_KEY_ID", option: "kmsKeyId", says: "The key for aws:kms" },
    {
      key: "MILLRACE_XCOM_S3_ALLOW_INSECURE",
      option: "allowInsecure",
      says: "true: http:// to other machines",
      parse: flagOf,
    },
  ],
  create: (options) => s3(options),
});
