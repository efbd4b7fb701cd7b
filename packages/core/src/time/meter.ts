/** What attempts are measured with; a test gives one that it sets by hand. */
export interface Meter {
  /** Whose processor time and memory it tells: the whole process's, or those of the thread that asks. */
  readonly scope: "process" | "thread";
  /** Microseconds that only grow. */
  nowUs(): number;
  /** Processor time used so far, in microseconds. */
  cpuUs(): number;
  memoryBytes(): number;
  /** Calls again and again, as often as the event loop lets it; keeps no process alive. The function returned ends that. */
  every(ms: number, call: () => void): () => void;
}

const shared = {
  nowUs: (): number => performance.now() * 1_000,
  every(ms: number, call: () => void): () => void {
    const timer = setInterval(call, ms).unref();
    return () => clearInterval(timer);
  },
};

/** Measures this process. */
export const processMeter: Meter = {
  ...shared,
  scope: "process",
  cpuUs: () => totalOf(process.cpuUsage()),
  memoryBytes: () => process.memoryUsage.rss(),
};

/** Measures the thread that it is called in: its heap and its buffers. */
export const threadMeter: Meter = {
  ...shared,
  scope: "thread",
  cpuUs: () => totalOf(process.threadCpuUsage()),
  memoryBytes() {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  },
};

function totalOf({ user, system }: NodeJS.CpuUsage): number {
  return user + system;
}
