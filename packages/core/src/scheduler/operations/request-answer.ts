import type { MillraceError } from "../../errors.ts";
import { maskSecrets } from "../../masking/masker.ts";
import type { Desk } from "../desk.ts";

/** What a request came to, as it is stored. */
export type RequestAnswer =
  | { readonly result: unknown }
  | { readonly error: { readonly code: string; readonly message: string; readonly cure: string } };

/** The text of an answer; of an error only what people need, without secrets. */
export function answerText(answer: { readonly result: unknown } | { readonly error: MillraceError }): string {
  if (!("error" in answer)) return JSON.stringify({ result: answer.result } satisfies RequestAnswer);
  const { code, message, cure } = answer.error;
  const error = { code, message: maskSecrets(message), cure: maskSecrets(cure) };
  return JSON.stringify({ error } satisfies RequestAnswer);
}

/** Answers a request of another process in the group that does what it asks for. `null`: nobody filed one. */
export function answerTo(
  { plan, now: at }: Desk,
  requestNo: number | null,
  answer: { readonly result: unknown } | { readonly error: MillraceError },
): void {
  if (requestNo !== null) plan.add({ kind: "answerRequest", requestNo, answer: answerText(answer), at });
}
