/** What attempts are measured with; a test gives one that it sets by hand. */
export interface Meter {
  /** Whose processor time and memory it tells: the whole process's, or those of the thread that asks. */
  readonly scope: "process" | "thread";
  /** Microseconds that only grow. */
  nowUs(): number;
  /** Processor time used so far, in microseconds. */
  cpuUs(): number;
  memoryBytes(): number;
}

const nowUs = (): number => performance.now() * 1_000;

/** Measures the thread that it is called in: its heap and its buffers. */
export const threadMeter: Meter = {
  scope: "thread",
  nowUs,
  cpuUs: () => totalOf(process.threadCpuUsage()),
  memoryBytes() {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  },
};

function totalOf({ user, system }: NodeJS.CpuUsage): number {
  return user + system;
}
