import type { S3Operation } from "./operations.ts";
import type { S3ErrorCode } from "./refusals.ts";
import type { S3RequestNote } from "./request-log.ts";

/**
 * What goes wrong with a request. `before` is before anything is carried out, `after` is when it is done and only the answer
 * is missing.
 *
 * - `refuse`: S3's own refusal with this code, whatever its status is said to be (200 too, as in the answer to a completed upload).
 *   `retryAfter`: seconds, or the text of the header.
 * - `answer`: any answer, such as that of a proxy.
 * - `drop`: the connection is reset; `mid-request` when some of the body has come, `mid-answer` when half of it is sent.
 * - `hang`: nothing more comes until {@link S3Server.release}; a request whose client has left is not carried out then.
 * - `truncate`: only so many bytes of the answer come (half of them), and then its end. `isHonest`: its length is told accordingly.
 * - `alter`: the lowest bit of one byte of the answer is flipped (the one in the middle).
 * - `wrong checksum`: that of the answer is that of other bytes.
 * - `refuse deletes`: of a bulk delete, those keys fail for which the function gives a code.
 * - `ignore headers`: the request is carried out as if it had not brought these headers: what stores do that know less.
 * - `redirect`: the bucket is elsewhere; 301 unless told.
 */
export type S3Fault =
  | {
      readonly kind: "refuse";
      readonly code: S3ErrorCode;
      readonly status?: number;
      readonly message?: string;
      readonly retryAfter?: number | string;
      readonly when?: "before" | "after";
    }
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
      readonly when?: "before" | "after";
    }
  | { readonly kind: "drop"; readonly when: "before" | "mid-request" | "after" | "mid-answer" }
  | { readonly kind: "hang"; readonly when: "before" | "after" | "mid-answer" }
  | { readonly kind: "truncate"; readonly sizeBytes?: number; readonly isHonest?: boolean }
  | { readonly kind: "alter"; readonly at?: number }
  | { readonly kind: "wrong checksum" }
  | { readonly kind: "refuse deletes"; readonly codeOf: (key: string) => S3ErrorCode | undefined }
  | { readonly kind: "ignore headers"; readonly names: readonly string[] }
  | { readonly kind: "redirect"; readonly region: string; readonly status?: 301 | 307 };

/** A fault, and the requests that meet it: those for which all that is given holds. */
export interface S3FaultRule {
  readonly fault: S3Fault;
  readonly on?: S3Operation | readonly S3Operation[];
  readonly key?: string | RegExp;
  readonly if?: (request: S3RequestNote) => boolean;
  /** Which of the requests that fit, counted from 1 since the plan was set. Default: all. */
  readonly at?: number | readonly number[];
}

/** Which requests meet which fault: a function, or a list of which the first that fits counts. */
export type S3FaultPlan = ((request: S3RequestNote) => S3Fault | undefined) | readonly S3FaultRule[];

/** The fault that a request meets. Every request is to be asked for once, in order: rules count them. */
export type FaultFinder = (request: S3RequestNote) => S3Fault | undefined;

/** Makes a plan ready, with its counts at nothing. */
export function readyPlan(plan: S3FaultPlan): FaultFinder {
  if (typeof plan === "function") return plan;
  const rules = plan.map((rule) => ({ rule, seen: 0 }));
  return (request) => {
    const due = rules.filter((entry) => {
      if (!fits(entry.rule, request)) return false;
      entry.seen++;
      return entry.rule.at === undefined || [entry.rule.at].flat().includes(entry.seen);
    });
    return due[0]?.rule.fault;
  };
}

function fits(rule: S3FaultRule, request: S3RequestNote): boolean {
  const { on, key } = rule;
  if (on !== undefined && !(request.operation && [on].flat().includes(request.operation))) return false;
  if (typeof key === "string" && request.key !== key) return false;
  if (key instanceof RegExp && (request.key ?? "").search(key) < 0) return false;
  return rule.if?.(request) ?? true;
}
