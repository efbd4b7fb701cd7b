import { defineErrors } from "@millrace/core/plugin";

/** Every error of this package, with its cure. */
export const hybridErrorTable = {
  XCOM_HYBRID_OPTIONS_INVALID: {
    says: "The options of hybrid() cannot be used:\n{list}",
    cure: "Give each option a value of the stated kind; compress, encrypt and place are live parts, for example gzip().",
  },
} as const;

/** Codes of the errors that this package throws. */
export type HybridErrorCode = keyof typeof hybridErrorTable;

/** The error of a code of this package. */
export const hybridError = defineErrors(hybridErrorTable);
