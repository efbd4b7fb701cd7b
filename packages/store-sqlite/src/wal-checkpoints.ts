import { statSync } from "node:fs";
import { Worker } from "node:worker_threads";

/** How large the write-ahead log may grow before its pages are moved into the database file. */
export const walThresholdBytes = 8 * 1024 * 1024;

/** The size of the log is looked up once in so many groups. */
const groupsPerLook = 16;

/** Pages in the log, and how many of them are in the database file too. */
export interface CheckpointRound {
  readonly pages: number;
  readonly moved: number;
  /** Why bytes that were moved may never reach the disk. */
  readonly failedSync?: string;
}

export interface WalCheckpointOptions {
  readonly path: string;
  readonly thresholdBytes: number;
  /** Runs something while no group is written; groups wait for it. */
  readonly betweenGroups: (task: () => Promise<void>) => void;
  /** A round on the writer's own connection, for where there can be no worker. */
  readonly here: () => CheckpointRound;
  /** The device did not keep what was moved. */
  readonly onFailedSync: (why: string) => void;
  /** The worker's file, where it is not the usual one. */
  readonly worker?: URL;
}

/**
 * Keeps the write-ahead log short without stopping the event loop: a worker thread moves its pages into the database
 * file. While groups go on being written the worker never quite catches up, so it then moves the small rest while the
 * groups wait (asynchronously, some milliseconds); with all moved, the next group starts the log anew.
 * A writer that outruns even the first round is made to wait for it, so that the log stays bounded.
 * The worker is started when the log first passes the threshold: short runs never pay for it.
 */
export class WalCheckpoints {
  readonly #options: WalCheckpointOptions;
  #worker: Worker | undefined;
  #workerFails = false;
  #groups = 0;
  #nextAtBytes: number;
  /** Size of the log when all of it had been moved; the log then starts anew, unless a reader still uses it. */
  #movedAtBytes: number | undefined;
  #running: Promise<void> | undefined;
  /** The round that goes on beside the groups. */
  #firstRound: Promise<CheckpointRound> | undefined;

  constructor(options: WalCheckpointOptions) {
    this.#options = options;
    this.#nextAtBytes = options.thresholdBytes;
  }

  /** To be called after each group. */
  groupWritten(): void {
    if (++this.#groups % groupsPerLook !== 0) return;
    const { thresholdBytes, betweenGroups } = this.#options;
    const size = this.#logBytes();
    if (this.#running !== undefined) {
      const round = this.#firstRound;
      this.#firstRound = undefined;
      if (round !== undefined && size > this.#nextAtBytes + 2 * thresholdBytes)
        betweenGroups(async () => void (await round));
      else this.#firstRound = round;
      return;
    }
    if (this.#movedAtBytes !== undefined) {
      this.#nextAtBytes = size < this.#movedAtBytes ? thresholdBytes : size + thresholdBytes;
      this.#movedAtBytes = undefined;
    }
    if (size <= this.#nextAtBytes) return;
    this.#running = this.#shorten().finally(() => {
      this.#running = undefined;
    });
  }

  async close(): Promise<void> {
    await this.#running;
    const worker = this.#worker;
    this.#worker = undefined;
    if (worker === undefined) return;
    const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
    worker.ref();
    worker.postMessage("close");
    await ended;
  }

  async #shorten(): Promise<void> {
    const groups = this.#groups;
    this.#firstRound = this.#round();
    let round = await this.#firstRound;
    this.#firstRound = undefined;
    // A round knows nothing of the groups that were written while it went on.
    if (this.#groups > groups) {
      round = await new Promise<CheckpointRound>((resolve) => {
        this.#options.betweenGroups(async () => resolve(await this.#round()));
      });
    }
    if (round.moved >= round.pages) this.#movedAtBytes = this.#logBytes();
    else this.#nextAtBytes = this.#logBytes() + this.#options.thresholdBytes;
  }

  async #round(): Promise<CheckpointRound> {
    if (this.#workerFails) return this.#options.here();
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const answer = await new Promise<CheckpointRound | undefined>((resolve) => {
      worker.removeAllListeners("message").once("message", resolve);
      worker.removeAllListeners("error").once("error", () => resolve(undefined));
      worker.postMessage("checkpoint");
    });
    if (answer?.failedSync !== undefined) this.#options.onFailedSync(answer.failedSync);
    if (answer !== undefined) return answer;
    // For example when a bundler left the worker's file out.
    this.#workerFails = true;
    this.#worker = undefined;
    return this.#options.here();
  }

  #start(): Worker {
    const { path, worker: url = workerFile() } = this.#options;
    const worker = new Worker(url, { workerData: { path } });
    worker.unref();
    return worker;
  }

  #logBytes(): number {
    return statSync(`${this.#options.path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  }
}

/** Written out twice, so that bundlers see which file is meant. */
function workerFile(): URL {
  return import.meta.url.endsWith(".ts")
    ? new URL("./checkpoint-worker.ts", import.meta.url)
    : new URL("./checkpoint-worker.js", import.meta.url);
}
