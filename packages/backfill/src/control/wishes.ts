import type { ServiceHost } from "@millrace/core/engine";

/**
 * What a backfill still has to do for somebody who asked for it, kept in the store so that a crash does not forget it: its
 * active runs are to be cancelled, or its failed ones to be run again (those of items behind the number that is kept).
 */
export type Wish = "cancel" | "retry";

const namespace = (wish: Wish): string => `millrace/backfills/${wish}`;

/** `undefined` when there is none. */
export async function readWish(
  { store }: Pick<ServiceHost, "store">,
  wish: Wish,
  backfillNo: number,
): Promise<number | undefined> {
  const text = await store.state.get(namespace(wish), String(backfillNo));
  return text === undefined ? undefined : Number(text);
}

/** Numbers of the backfills that have one. */
export async function backfillsWithWish({ store }: Pick<ServiceHost, "store">, wish: Wish): Promise<readonly number[]> {
  return (await store.state.list(namespace(wish))).map(({ key }) => Number(key));
}

/** @param value - `null`: it is done */
export async function writeWish(
  host: ServiceHost,
  wish: Wish,
  backfillNo: number,
  value: number | null,
): Promise<void> {
  const text = value === null ? null : String(value);
  const at = host.clock.now();
  await host.write({ kind: "putState", namespace: namespace(wish), key: String(backfillNo), value: text, at });
}
