import type { Check, Finding } from "./finding.ts";

const mostAheadMs = 2_000;

/** The clock of this machine, against the newest record: schedules and retries go by it. */
export const clockCheck: Check = {
  name: "clock",
  async look(session) {
    const store = await session.reader();
    const last = (await store?.events.last()) ?? 0;
    const [newest] = last === 0 || !store ? [] : await store.events.list({ after: last - 1, limit: 1 });
    return newest ? [judgeClock(session.now(), newest.at)] : [];
  },
};

/** @param newestAt - when the newest record was made */
export function judgeClock(now: number, newestAt: number): Finding {
  const aheadMs = newestAt - now;
  if (aheadMs <= mostAheadMs)
    return { check: "clock", level: "good", says: "The clock is not behind the newest record" };
  return {
    check: "clock",
    level: "bad",
    says: `The newest record is from ${new Date(newestAt).toISOString()}, which is ${Math.round(aheadMs / 1_000)} s in the future`,
    cure: "Set the clock of this machine right (NTP); retries and schedules wait until the clock has caught up.",
  };
}
