/** How much is done with XComs. */
export interface XComSizes {
  /** Bytes of the values. */
  readonly sizes: readonly number[];
  /** So many bytes are written in each race, but at least 3 values and at most 400. */
  readonly bytesOfRace: number;
  /** The value whose memory and pauses are measured, and the stream. */
  readonly largeBytes: number;
  readonly streamBytes: number;
  /** XComs of the run with many. */
  readonly manyKeys: number;
}

/** How much of everything is done. */
export interface Sizes {
  readonly wideTasks: number;
  readonly runs: number;
  readonly tasksPerRun: number;
  readonly fanOut: number;
  readonly longFib: number;
  /** Rounds of each throughput figure. */
  readonly rounds: { readonly warm: number; readonly counted: number };
  /** Repetitions of each flow. */
  readonly flowRounds: { readonly warm: number; readonly counted: number };
  /** Attempts in threads, one after the other. */
  readonly threadTasks: number;
  readonly finishedInMemory: number;
  readonly activeInMemory: number;
  /** Task instances that a killed engine leaves in the middle of their work. */
  readonly recovered: number;
  readonly fullFile: number;
  readonly emptyFile: number;
  /** DAGs of which none is due, and then all. */
  readonly scheduledDags: number;
  /** Hours of the year of 100 hourly DAGs. */
  readonly scheduledHours: number;
  /** Years that backfills are planned for, and runs of the one that is worked off. */
  readonly backfillYears: number;
  readonly backfillRuns: number;
  /** Steps of a cron, one after the other. */
  readonly cronSteps: number;
  /** Starts of child processes. */
  readonly starts: number;
  readonly xcom: XComSizes;
}

export const fullSizes: Sizes = {
  wideTasks: 10_000,
  runs: 1_000,
  tasksPerRun: 10,
  fanOut: 1_000,
  longFib: 33,
  rounds: { warm: 3, counted: 9 },
  flowRounds: { warm: 15, counted: 41 },
  threadTasks: 200,
  finishedInMemory: 100_000,
  activeInMemory: 1_000,
  recovered: 10_000,
  fullFile: 1_000_000,
  emptyFile: 1_000,
  scheduledDags: 10_000,
  scheduledHours: 8_760,
  backfillYears: 10,
  backfillRuns: 10_000,
  cronSteps: 5_000,
  starts: 15,
  xcom: {
    sizes: [1_024, 65_536, 2 ** 20, 2 ** 24, 2 ** 26],
    bytesOfRace: 2 ** 24,
    largeBytes: 2 ** 26,
    streamBytes: 2 ** 30,
    manyKeys: 100_000,
  },
};

/** Everything once and small: whether the benchmark itself works, not how fast anything is. */
export const tinySizes: Sizes = {
  wideTasks: 50,
  runs: 5,
  tasksPerRun: 3,
  fanOut: 5,
  longFib: 12,
  rounds: { warm: 0, counted: 1 },
  flowRounds: { warm: 0, counted: 1 },
  threadTasks: 3,
  finishedInMemory: 100,
  activeInMemory: 10,
  recovered: 60,
  fullFile: 200,
  emptyFile: 20,
  scheduledDags: 20,
  scheduledHours: 2,
  backfillYears: 1,
  backfillRuns: 20,
  cronSteps: 100,
  starts: 1,
  xcom: {
    sizes: [1_024, 65_536],
    bytesOfRace: 1_024,
    largeBytes: 2 ** 20,
    streamBytes: 2 ** 21,
    manyKeys: 100,
  },
};
