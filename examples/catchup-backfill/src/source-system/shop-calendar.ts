/** How time is cut up in the world of this example. A business day of the shop begins when its books open. */
export interface ShopCalendar {
  /** Begin of business day 0, in milliseconds since the epoch. */
  readonly openedAt: number;
  /** Length of a business day: 24 hours, or seconds when the demo runs in real time. */
  readonly dayMs: number;
}

/** What the shop has archived of the days before day 0. */
export const archivedDays = 20;

export function dayOf(calendar: ShopCalendar, at: number): number {
  return Math.floor((at - calendar.openedAt) / calendar.dayMs);
}

export function startOfDay(calendar: ShopCalendar, day: number): number {
  return calendar.openedAt + day * calendar.dayMs;
}
