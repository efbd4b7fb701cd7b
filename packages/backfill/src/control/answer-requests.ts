import { shown } from "@millrace/core/plugin";
import { z } from "zod";
import { backfillError } from "../errors.ts";
import type { BackfillDesk } from "./backfill-service.ts";

const text = z.string().max(1_000);
const selector = z.union([
  text,
  z.strictObject({ dates: z.array(text).max(100_000), name: text.optional() }),
  z.strictObject({ ics: z.string(), name: text.optional() }),
]);
const settings = z.record(z.string(), z.unknown());
const spec = z.strictObject({
  from: text,
  to: text,
  reprocess: z.enum(["none", "failed", "completed"]).optional(),
  order: z.enum(["forward", "backward"]).optional(),
  skip: z.array(selector).max(200).optional(),
  only: z.array(selector).max(200).optional(),
  params: settings.optional(),
  conf: settings.optional(),
});
const ofBackfill = { backfillId: text };

/** What other processes may ask for, by the name of the request without `backfill.` before it. */
const requestSchemas = {
  create: z.strictObject({
    dagId: text,
    spec,
    maxActive: z.int().min(1).optional(),
    expect: text.optional(),
    backfillId: text,
  }),
  pause: z.strictObject(ofBackfill),
  resume: z.strictObject(ofBackfill),
  cancel: z.strictObject({ ...ofBackfill, keepRunning: z.boolean().optional() }),
  retryFailed: z.strictObject(ofBackfill),
  setMaxActive: z.strictObject({ ...ofBackfill, maxActive: z.int().min(1) }),
} as const;

/** Does what other processes ask for. */
export function answerRequests(desk: BackfillDesk): void {
  const answer = <T>(name: keyof typeof requestSchemas, schema: z.ZodType<T>, act: (payload: T) => unknown): void =>
    desk.host.answer(`backfill.${name}`, (payload) => {
      const read = schema.safeParse(payload);
      if (read.success) return act(read.data);
      const [issue] = read.error.issues;
      throw backfillError("BACKFILL_OPTION_INVALID", {
        option: issue?.path.join(".") || "request",
        value: shown(payload),
        expected: issue?.message ?? "another request is needed",
      });
    });
  answer("create", requestSchemas.create, ({ dagId, spec, maxActive, expect, backfillId }) =>
    desk.create(desk.dag(dagId), spec, { maxActive, expect, backfillId }),
  );
  answer("pause", requestSchemas.pause, ({ backfillId }) => desk.pause(backfillId));
  answer("resume", requestSchemas.resume, ({ backfillId }) => desk.resume(backfillId));
  answer("cancel", requestSchemas.cancel, ({ backfillId, keepRunning = false }) =>
    desk.cancel(backfillId, { keepRunning }),
  );
  answer("retryFailed", requestSchemas.retryFailed, ({ backfillId }) => desk.retryFailed(backfillId));
  answer("setMaxActive", requestSchemas.setMaxActive, ({ backfillId, maxActive }) =>
    desk.setMaxActive(backfillId, maxActive),
  );
}
