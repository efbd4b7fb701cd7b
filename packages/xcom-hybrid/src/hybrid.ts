import type { XComChooser, XComEnvelope, XComPlace, XComStage } from "@millrace/core/plugin";
import { estimateRatio } from "./compressibility.ts";
import { type Decision, decide, isSmallValue } from "./decide.ts";
import { type HybridOptions, keywordsOf, parseHybridOptions } from "./options.ts";
import { sensitivityLook } from "./sensitivity.ts";

/** The field by which its envelopes are known. */
export const marker = "_xcom_hybrid";

/**
 * Chooses for each value how it is kept: small ones as they are, sensitive ones encrypted, what compresses well compressed,
 * and what is still large then in a place outside of the store. Parts that are not given are not chosen.
 *
 * A value that is longer than what can be looked at (a stream: its first 64 KiB) is encrypted if `encrypt` is given, because
 * nobody knows what comes. Its envelope says what was chosen and why; reading does not depend on it.
 *
 * @throws `XCOM_HYBRID_OPTIONS_INVALID`
 * @example
 * ```ts
 * import { type XComStage, xcomBackend } from "@millrace/core/plugin";
 * import { hybrid } from "@millrace/xcom-hybrid";
 * import { deflateRawSync, inflateRawSync } from "node:zlib";
 *
 * const deflate: XComStage = {
 *   kind: "stage", name: "deflate", marker: "_xcom_deflated", bytesField: "data", effect: "compress",
 *   write: async (bytes) => ({ envelope: { _xcom_deflated: true }, bytes: deflateRawSync(bytes) }),
 *   read: async (bytes) => inflateRawSync(bytes, { maxOutputLength: 1e8 }),
 * };
 * const chooser = hybrid({ compress: deflate });
 * const address = { dagId: "sales", runId: "r1", taskId: "extract", mapIndex: -1, key: "return_value" };
 * const rows = new TextEncoder().encode(JSON.stringify(Array.from({ length: 1_000 }, (_, id) => ({ id }))));
 * const { parts, envelope } = await chooser.choose(rows, rows.length, address);
 * console.log(parts.length, envelope.method, envelope.reason); // 1 compress compresses
 * ```
 */
export function hybrid(options: HybridOptions = {}): XComChooser {
  const { compress, encrypt, place, sampleBytes, sensitive, ...rest } = parseHybridOptions(options);
  const rules = sensitive === "always" || sensitive === undefined ? {} : sensitive;
  const limits = {
    ...rest,
    canCompress: compress !== undefined,
    canEncrypt: encrypt !== undefined,
    canPlace: place !== undefined,
  };
  const look = sensitivityLook({
    always: sensitive === "always",
    keywords: keywordsOf(rules),
    dags: new Set(rules.dags),
    keys: new Set(rules.keys),
  });

  return {
    kind: "chooser",
    name: "hybrid",
    marker,
    parts: given(compress, encrypt, place),
    async choose(head, sizeBytes, address) {
      const sensitivity = encrypt && (await look(head, sizeBytes, address));
      const ratio =
        compress && !isSmallValue(sizeBytes, limits)
          ? await estimateRatio(compress, head, sampleBytes, address)
          : undefined;
      const decision = decide({ sizeBytes, sensitivity, ratio }, limits);
      return {
        parts: given(
          decision.compress ? compress : undefined,
          decision.encrypt ? encrypt : undefined,
          decision.place ? place : undefined,
        ),
        envelope: envelopeOf(decision, ratio),
      };
    },
  };
}

function given(...parts: readonly (XComStage | XComPlace | undefined)[]): readonly (XComStage | XComPlace)[] {
  return parts.filter((part) => part !== undefined);
}

function envelopeOf(decision: Decision, ratio: number | undefined): XComEnvelope {
  const { compress, encrypt, place, reasons } = decision;
  const steps = [compress && "compress", encrypt && "encrypt", place && "place"].filter((step) => step !== false);
  // How well something compresses says something about it. A compressed value shows that anyway; an encrypted one must not.
  const showsRatio = ratio !== undefined && (compress || !encrypt);
  return {
    [marker]: true,
    v: 1,
    method: steps.join("+") || "inline",
    reason: reasons.join(", "),
    ...(showsRatio && { estimated_ratio: Math.round(ratio * 100) / 100 }),
    sensitive: encrypt,
  };
}
