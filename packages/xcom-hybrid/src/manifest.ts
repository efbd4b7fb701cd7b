import { definePlugin } from "@millrace/core/plugin";
import { hybrid, marker } from "./hybrid.ts";
import { hybridOptions } from "./options.ts";

const wholeNumber = (text: string): number => {
  if (!/^\d{1,10}$/.test(text)) throw new Error("a whole number of bytes is expected");
  return Number(text);
};

/** By this the package can be named in a config file. Its parts are live objects there: `{ compress: gzip() }`. */
export const manifest = definePlugin({
  kind: "xcom-chooser",
  name: "@millrace/xcom-hybrid",
  contractVersion: 1,
  marker,
  options: hybridOptions,
  env: [
    {
      key: "MILLRACE_XCOM_HYBRID_INLINE_BYTES",
      option: "inlineBytes",
      says: "Values up to this size are neither compressed nor put elsewhere",
      parse: wholeNumber,
    },
    {
      key: "MILLRACE_XCOM_HYBRID_OFFLOAD_BYTES",
      option: "offloadBytes",
      says: "Most bytes that a value may take in the store; larger ones go to the place",
      parse: wholeNumber,
    },
  ],
  create: (options) => hybrid(options),
});
