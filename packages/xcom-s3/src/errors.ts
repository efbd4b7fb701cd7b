import { defineErrors } from "@millrace/core/plugin";

/** Every error of this package, with its cure. */
export const s3ErrorTable = {
  XCOM_S3_OPTION_INVALID: {
    says: "The option '{option}' of the S3 place is wrong: {why}",
    cure: "Correct it in the config file, or in the environment variable that sets it.",
  },
  XCOM_S3_INSECURE: {
    says: "The endpoint {endpoint} would carry values in the clear",
    cure: "Use https://, or set allowInsecure if nobody can listen on the way to it.",
  },
  XCOM_S3_ADDRESS_INVALID: {
    says: "The {field} of an XCom ({sizeBytes} bytes) cannot be part of an object's name: {why}",
    cure: "Use ids and keys of well-formed text.",
  },
  XCOM_S3_ENVELOPE_INVALID: {
    says: "The envelope of XCom '{key}' of task '{taskId}' is not what this place writes: {why}",
    cure: "Clear the task that pushed it, so that it is written again; see who can change rows of the store.",
  },
  XCOM_S3_REF_INVALID: {
    says: "This names nothing that this place keeps: {why}",
    cure: "Pass references as refOf and list give them.",
  },
  XCOM_S3_ELSEWHERE: {
    says: "The value lies in bucket '{bucket}' under '{prefix}', where this place does not look",
    cure: "Add that bucket and prefix to alsoRead, if values are to be read from there.",
  },
  XCOM_S3_MISSING: {
    says: "The object {key} is not in bucket '{bucket}' any more",
    cure: "Clear the task that pushed it, so that it is written again; see which lifecycle rules the bucket has.",
  },
  XCOM_S3_TRUNCATED: {
    says: "The object {key} in bucket '{bucket}' has {found} bytes instead of {sizeBytes}",
    cure: "Clear the task that pushed it, so that it is written again.",
  },
  XCOM_S3_ALTERED: {
    says: "The object {key} in bucket '{bucket}' ({sizeBytes} bytes) is not what was written: {why}",
    cure: "Clear the task that pushed it, so that it is written again; see who can write to the bucket.",
  },
  XCOM_S3_TOO_LARGE: {
    says: "A value of {sizeBytes} bytes is more than {limit}",
    cure: "Use xcom.pushStream and xcom.pullStream for what is large, or raise partSizeBytes for very long streams.",
  },
  XCOM_S3_NAME_TAKEN: {
    says: "Bucket '{bucket}' already has another object {key}, although its name was drawn anew",
    cure: "Give the place real randomness: names must not repeat.",
  },
  XCOM_S3_BUCKET_MISSING: {
    says: "There is no bucket '{bucket}'",
    cure: "Create it, or correct bucket, region and endpoint.",
  },
  XCOM_S3_DENIED: {
    says: "S3 refuses to {operation} {key} in bucket '{bucket}': {why}",
    cure: "Give these credentials the permissions that the README of @millrace/xcom-s3 lists.",
  },
  XCOM_S3_CREDENTIALS_INVALID: {
    says: "S3 does not accept the credentials to {operation} {key} in bucket '{bucket}': {why}",
    cure: "See which credentials the AWS default chain finds (environment, profile, role), whether they have expired, and whether the machine's clock is right.",
  },
  XCOM_S3_REGION_WRONG: {
    says: "Bucket '{bucket}' is not in the region that was asked: {why}",
    cure: "Set region to the bucket's.",
  },
  XCOM_S3_TIMEOUT: {
    says: "S3 did not answer in time to {operation} {key} in bucket '{bucket}' ({attempts} attempts in {seconds} s)",
    cure: "See whether the endpoint is up and how far away it is; requestTimeoutMs and deadlineMs set how long is waited.",
  },
  XCOM_S3_UNREACHABLE: {
    says: "S3 could not be reached to {operation} {key} in bucket '{bucket}' ({attempts} attempts in {seconds} s): {why}",
    cure: "Check endpoint, network, name resolution and certificates.",
  },
  XCOM_S3_UNAVAILABLE: {
    says: "S3 was too busy or failing to {operation} {key} in bucket '{bucket}' ({attempts} attempts in {seconds} s): {why}",
    cure: "Try again later; with SlowDown, have fewer tasks write at a time.",
  },
  XCOM_S3_CHECKSUMS_REFUSED: {
    says: "The store behind bucket '{bucket}' does not know the checksums of newer S3 clients: {why}",
    cure: 'Set checksums: "required"; the place checks every value by its own SHA-256 anyway.',
  },
  XCOM_S3_REFUSED: {
    says: "S3 refuses to {operation} {key} in bucket '{bucket}': {why}",
    cure: "See the reason; a store that lacks a feature may need another option (README of @millrace/xcom-s3, Stores).",
  },
  XCOM_S3_REMOVE_FAILED: {
    says: "{count} of {total} objects in bucket '{bucket}' could not be removed, the first with {why}",
    cure: "Give these credentials s3:DeleteObject there; what is left is found again by its collector.",
  },
} as const;

/** Codes of the errors that this package throws. */
export type S3ErrorCode = keyof typeof s3ErrorTable;

/** The error of a code of this package. */
export const s3Error = defineErrors(s3ErrorTable);
