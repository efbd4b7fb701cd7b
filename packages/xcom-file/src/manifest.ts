import { join, resolve } from "node:path";
import { definePlugin } from "@millrace/core/plugin";
import { z } from "zod";
import { checksumAlgorithms } from "./files/checksums.ts";
import { file } from "./place/file.ts";
import { marker } from "./place/file-envelope.ts";

const path = z
  .string()
  .min(1)
  .refine((text) => !text.includes("\0"), "is not a path");

/** By this the package can be named in `xcom.backend` of a config file; `dir` defaults to `xcom` in the home folder. */
export const manifest = definePlugin({
  kind: "xcom-place",
  name: "@millrace/xcom-file",
  contractVersion: 1,
  marker,
  options: z.strictObject({
    dir: path.optional(),
    alsoRead: z.array(path).optional(),
    thresholdBytes: z.int().min(0).optional(),
    checksum: z.enum(checksumAlgorithms).optional(),
  }),
  env: [
    { key: "MILLRACE_XCOM_FILE_DIR", option: "dir", says: "The folder for XComs" },
    {
      key: "MILLRACE_XCOM_FILE_THRESHOLD",
      option: "thresholdBytes",
      says: "Values of so many bytes or fewer stay in the store",
      parse: (text) => (/^\d+$/.test(text) ? Number(text) : text),
    },
  ],
  create: ({ dir, alsoRead, ...others }, { home, baseDir }) =>
    file({
      ...others,
      dir: dir === undefined ? join(home, "xcom") : resolve(baseDir, dir),
      alsoRead: alsoRead?.map((other) => resolve(baseDir, other)),
    }),
});
