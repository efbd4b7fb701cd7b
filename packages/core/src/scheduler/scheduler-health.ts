/** How a scheduler is at this moment. */
export interface SchedulerHealth {
  readonly isStopped: boolean;
  readonly isDraining: boolean;
  /** Since when groups cannot be written, in milliseconds since the epoch. */
  readonly storeFailingSince: number | null;
}
