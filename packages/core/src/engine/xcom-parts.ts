import { coreError, isMillraceError, messageOf } from "../errors.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { formatDuration } from "../time/duration.ts";
import type { XComBackendPart } from "../xcom/parts.ts";

/** What a person should know of a part of the XCom backend: that a key is old, say. */
export interface XComNotice {
  /** Its name. */
  readonly part: string;
  /** One sentence. */
  readonly message: string;
}

const openMs = 30_000;
const closeMs = 10_000;
const mostNotices = 100;

/**
 * Has parts of an XCom backend make ready, as an engine does before it runs anything: each may take 30 s.
 *
 * @returns what people should know of them
 * @throws what a part throws, or `XCOM_PART_NOT_READY` where that has no code
 * @example
 * ```ts
 * import { openXComParts } from "@millrace/core/engine";
 * import type { XComStage } from "@millrace/core/plugin";
 *
 * const stage: XComStage = {
 *   kind: "stage", name: "mirror", marker: "_xcom_mirrored", bytesField: "data", effect: "other",
 *   open: async () => ["The mirror is old."],
 *   write: async () => undefined,
 *   read: async (bytes) => bytes,
 * };
 * for (const { part, message } of await openXComParts([stage])) console.log(`${part}: ${message}`); // mirror: The mirror is old.
 * ```
 */
export async function openXComParts(
  parts: readonly XComBackendPart[],
  {
    clock = systemClock,
    readers = [],
  }: {
    readonly clock?: Clock;
    /** Those of the parts that only read. Without one of them the rest can work: what it throws becomes a notice. */
    readonly readers?: readonly XComBackendPart[];
  } = {},
): Promise<readonly XComNotice[]> {
  const open = async (part: XComBackendPart): Promise<readonly XComNotice[]> => {
    if (!readers.includes(part)) return openOne(part);
    // What it says of its writing concerns nobody.
    return openOne(part).then(
      () => [],
      (error: unknown) => [
        { part: part.name, message: `Until it is ready, what it once wrote cannot be read. ${messageOf(error)}` },
      ],
    );
  };
  const openOne = async (part: XComBackendPart): Promise<readonly XComNotice[]> => {
    try {
      const given: unknown = (await within(clock, openMs, async () => part.open?.())) ?? [];
      const messages = Array.isArray(given) ? given.slice(0, mostNotices) : [];
      return messages.map((message) => ({ part: part.name, message: String(message) }));
    } catch (error) {
      if (isMillraceError(error)) throw error;
      throw coreError("XCOM_PART_NOT_READY", { part: part.name, why: messageOf(error) }, { cause: error });
    }
  };
  const opened = await Promise.allSettled(parts.map(open));
  return opened.flatMap((one) => {
    if (one.status === "rejected") throw one.reason;
    return one.value;
  });
}

/** Has parts let go of what they hold. What fails or takes longer than 10 s is passed over. */
export async function closeXComParts(
  parts: readonly XComBackendPart[],
  { clock = systemClock }: { readonly clock?: Clock } = {},
): Promise<void> {
  await Promise.allSettled(parts.map((part) => within(clock, closeMs, async () => part.close?.())));
}

async function within<T>(clock: Clock, ms: number, act: () => Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = clock.sleep(ms, over.signal).then((): never => {
    throw new Error(`it took longer than ${formatDuration(ms)}`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([act(), late]);
  } finally {
    over.abort();
  }
}
