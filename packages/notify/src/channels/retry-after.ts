/** Nobody is waited for longer. */
const longest = 3_600;

/**
 * Seconds that an answer asks to wait, by its header `Retry-After`: a number, or a date, which is compared with the answer's
 * own `Date`, so that it does not matter whose clock is right. `undefined` where it says nothing that can be read.
 */
export function retryAfterSeconds(retryAfter: string | null, date: string | null): number | undefined {
  if (retryAfter === null) return undefined;
  const text = retryAfter.trim();
  if (/^\d{1,9}$/.test(text)) return Math.min(Number(text), longest);
  const [until, since] = [Date.parse(text), Date.parse(date ?? "")];
  if (!Number.isFinite(until) || !Number.isFinite(since)) return undefined;
  return Math.min(Math.max(0, Math.ceil((until - since) / 1_000)), longest);
}
