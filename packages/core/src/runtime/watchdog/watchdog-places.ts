/** Where in the memory that both threads share something stands, in cells of 32 bits. */
export const places = {
  /** Counts the turns of the engine's event loop. */
  beats: 0,
  /** Value of `beats` once the watchdog is to end. */
  closed: -1,
  /** How many attempts are under way, and from `first` on the numbers of their tasks. */
  count: 1,
  first: 2,
  /** So many of them are named. */
  most: 32,
} as const;

/** What the watchdog's thread is begun with. */
export interface WatchdogData {
  readonly shared: SharedArrayBuffer;
  readonly afterMs: number;
}

/** A number that stands for a task from now on. */
export interface NamedTask {
  readonly no: number;
  readonly name: string;
}
