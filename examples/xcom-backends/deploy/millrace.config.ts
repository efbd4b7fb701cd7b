import { defineConfig } from "@millrace/core";

// The configuration of an installation that keeps XComs compressed, encrypted and, when they are large, in files. What is
// not set here has its default; the environment beats this file (`millrace config explain` shows what holds, and why).
export default defineConfig({
  dags: "./dags",

  xcom: {
    // How new values are written, in this order: compression before encryption (what is encrypted does not compress), and the
    // place where bytes are kept, if there is one, last. To switch, change this list or MILLRACE_XCOM_BACKEND:
    //   ["@millrace/xcom-gzip"]                                                          smaller, in the database
    //   ["@millrace/xcom-gzip", "@millrace/xcom-aes-gcm"]                                encrypted, in the database
    //   ["@millrace/xcom-gzip", "@millrace/xcom-aes-gcm", "@millrace/xcom-s3"]           encrypted, in a bucket
    backend: ["@millrace/xcom-gzip", "@millrace/xcom-aes-gcm", "@millrace/xcom-file"],

    // Options by package. Every part that is named here or above can read what it once wrote: leave a part here as long as
    // values of it are stored, whatever `backend` says.
    parts: {
      // zstd is faster than gzip and compresses as well; both are read, whichever writes.
      "@millrace/xcom-gzip": { algorithm: "zstd" },
      "@millrace/xcom-aes-gcm": {
        // A line for each key, `<id>:<base64 of 32 bytes>:<day it was made>`: the first one writes, all read. The file must
        // be readable by its owner alone.
        keys: { file: "/run/secrets/xcom_keys" },
        // A warning at the start and by `millrace doctor` from this age on; then `millrace keys rotate`.
        rotationDays: 90,
        // A new installation has no values from before encryption: whoever can write rows cannot pass plain ones off as ours.
        acceptPlain: false,
      },
      // In <home>/xcom, made with mode 0700; files have mode 0600.
      "@millrace/xcom-file": { thresholdBytes: 16_384 },
      // Bucket, region and endpoint come from MILLRACE_XCOM_S3_…, credentials from where the AWS SDK looks for them.
      // "@millrace/xcom-s3": { sse: "AES256" },
    },
  },
});
