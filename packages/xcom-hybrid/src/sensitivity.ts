import type { XComAddress } from "@millrace/core/plugin";

/** Texts that make a value sensitive wherever they occur in it, in capitals or not: `password`, `secret`, `token` … */
export const defaultKeywords: readonly string[] = ["password", "secret", "token", "key", "credential", "ssn"];

/**
 * Why a value is to be encrypted. `named`: its DAG, task or key says so. `keyword`: it contains one. `unseen`: not all of it
 * could be looked at.
 */
export type Sensitivity = "always" | "named" | "keyword" | "unseen";

/** What to look for. */
export interface SensitivityRules {
  readonly always: boolean;
  readonly keywords: readonly string[];
  readonly dags: ReadonlySet<string>;
  readonly keys: ReadonlySet<string>;
}

/** Says whether a value is sensitive; `undefined` if nothing says so. */
export type SensitivityLook = (
  head: Uint8Array,
  sizeBytes: number | undefined,
  address: XComAddress,
) => Promise<Sensitivity | undefined>;

/** So much text is searched in one go: about a millisecond. */
const pieceBytes = 1_048_576;

/**
 * Keywords are found anywhere, also within longer words (`monkey` holds `key`): what is encrypted without need costs a little,
 * what is not costs more. In binary data the short ones occur by chance, and what is encoded otherwise than as UTF-8 is not found.
 */
export function sensitivityLook({ always, keywords, dags, keys }: SensitivityRules): SensitivityLook {
  const pattern =
    keywords.length === 0 ? undefined : new RegExp(keywords.map((word) => RegExp.escape(word)).join("|"), "iu");
  // A keyword may lie across two pieces. Letters take four bytes at most, in whatever case.
  const overlap = 4 * Math.max(0, ...keywords.map((word) => word.length));

  return async (head, sizeBytes, { dagId, taskId, key }) => {
    if (always) return "always";
    if (dags.has(dagId) || keys.has(key)) return "named";
    if (pattern?.test(key) || pattern?.test(taskId)) return "named";
    if (pattern) {
      const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
      for (let at = 0; at < text.length; at += pieceBytes) {
        if (at > 0) await new Promise(setImmediate);
        if (pattern.test(text.toString("utf8", Math.max(0, at - overlap), at + pieceBytes))) return "keyword";
      }
    }
    return head.length === sizeBytes ? undefined : "unseen";
  };
}
