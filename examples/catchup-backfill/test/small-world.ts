import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "@millrace/core";
import { manualClock } from "@millrace/testing";
import { calendarFrom, type World } from "../src/world.ts";

/** A world in a folder of its own. */
export interface SmallWorld extends World, Disposable {}

/** The moment at which tests begin: the shop closes the books of its thirtieth day. */
export const today = Date.parse("2026-06-15T02:00:00Z");

export function smallWorld(options: Partial<World> & { readonly clock?: Clock } = {}): SmallWorld {
  const folder = mkdtempSync(join(tmpdir(), "catchup-backfill-"));
  return {
    folder,
    clock: manualClock({ now: new Date(today).toISOString() }),
    calendar: calendarFrom(today),
    catchupFile: join(folder, "catchup.yaml"),
    answerWithinMs: 5_000,
    isLasting: false,
    msPerRow: 0,
    gatewayUrl: () => undefined,
    webhookUrl: () => undefined,
    ...options,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
