import { definePlugin } from "@millrace/core/plugin";
import { marker } from "./envelope.ts";
import { gzip } from "./gzip.ts";
import { optionsSchema, type Settings } from "./options.ts";

/** Text that is no number is left as it is, to be refused by the schema with the key's name. */
const asNumber = (text: string): unknown => (/^\s*\d{1,15}\s*$/.test(text) ? Number(text) : text);

/** By this the package can be named in `xcom.backend` of a config file. */
export const manifest = definePlugin<Settings>({
  kind: "xcom-stage",
  name: "@millrace/xcom-gzip",
  contractVersion: 1,
  marker,
  options: optionsSchema,
  env: [
    { key: "MILLRACE_XCOM_GZIP_ALGORITHM", option: "algorithm", says: "gzip, zstd or brotli" },
    { key: "MILLRACE_XCOM_GZIP_LEVEL", option: "level", says: "how hard to compress", parse: asNumber },
    {
      key: "MILLRACE_XCOM_GZIP_THRESHOLD_BYTES",
      option: "thresholdBytes",
      says: "values of so many bytes or fewer stay as they are",
      parse: asNumber,
    },
    {
      key: "MILLRACE_XCOM_GZIP_MAX_OUTPUT_BYTES",
      option: "maxOutputBytes",
      says: "most bytes of one value uncompressed",
      parse: asNumber,
    },
  ],
  create: (options) => gzip(options),
});
