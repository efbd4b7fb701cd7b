/** What holds where neither the program nor the configuration says otherwise. */
export const engineDefaults = {
  maxCrashes: 3,
  /** How long a task in a thread may go on after it was told to stop. */
  killGrace: "5s",
  /** Tasks that run at once in one process. */
  concurrency: 32,
  /** Longest JSON text of one XCom, in bytes. */
  maxValueBytes: 64 * 1024 * 1024,
  /** How long the parts of the XCom backend may take for one value. */
  xcomTimeout: "10m",
  /** How long a secret or connection is kept before it is asked for again. */
  secretTtl: "5m",
  /** How long one provider may take to give one. */
  secretTimeout: "10s",
  /** Values that one label of one metric may have. */
  maxLabelValues: 200,
} as const;
