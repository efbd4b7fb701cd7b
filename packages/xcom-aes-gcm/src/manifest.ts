import { definePlugin } from "@millrace/core/plugin";
import { aesGcmStage } from "./aes-gcm.ts";
import { aesGcmError } from "./errors.ts";
import { parseKeyText } from "./keys/key-text.ts";
import { type AesGcmOptions, optionsSchema } from "./options.ts";
import { marker } from "./sealing/envelope.ts";

const keysVariable = "MILLRACE_XCOM_ENCRYPTION_KEYS";

/** By this the package can be named in `xcom.backend` and `xcom.parts` of a config file. */
export const manifest = definePlugin<AesGcmOptions>({
  kind: "xcom-stage",
  name: "@millrace/xcom-aes-gcm",
  contractVersion: 1,
  marker,
  options: optionsSchema,
  env: [
    {
      key: keysVariable,
      option: "keys",
      says: "Encryption keys as <id>:<key>, separated by commas; the first one writes, all read",
      secret: true,
      parse: (text) => parseKeyText(text, (why) => aesGcmError("XCOM_KEYS_INVALID", { source: keysVariable, why })),
    },
    {
      key: "MILLRACE_XCOM_KEY_ROTATION_DAYS",
      option: "rotationDays",
      says: "Age of the writing key from which on a warning is given, in days",
      parse: (text) => Number(text),
    },
  ],
  secretOptions: ["keys"],
  create: (options, { env, baseDir }) => aesGcmStage(options, { env, baseDir }),
});
