import type { AttemptPerformance } from "../store/contract.ts";
import type { Meter } from "../time/meter.ts";
import type { Job, JobOutcome } from "./job.ts";
import type { AttemptWatch } from "./watchdog/watchdog.ts";

/** An attempt that is over sooner than this costs less than measuring it. */
const leastUs = 1_000;
/** A look at processor time and memory takes 9 µs: attempts that begin or end this close to each other share one. */
const freshUs = 2_000;
/** Who holds up the event loop for longer is told so. */
const longestUs = 1_000_000;
const sampleMs = 100;

interface Sample {
  readonly atUs: number;
  readonly cpuUs: number;
  readonly memoryBytes: number;
}

/** An attempt that goes on. */
interface Lasting {
  readonly beganUs: number;
  readonly before: Sample;
  peakBytes: number;
  loopDelayUs: number;
}

interface AttemptMeterOptions {
  /** Told of attempts whose synchronous part has held up the event loop for more than a second. */
  readonly onBlocked?: (job: Job, blockedUs: number) => void;
  readonly watch?: AttemptWatch;
}

/** Measures what attempts take: those that begin in one go share the look before, and short ones cost one look at the time. */
export class AttemptMeter {
  readonly #meter: Meter;
  readonly #onBlocked: (job: Job, blockedUs: number) => void;
  readonly #watch: AttemptWatch | undefined;
  readonly #lasting = new Set<Lasting>();
  /** The time, as far as it has been looked at since the event loop's last turn. */
  #nowUs: number | undefined;
  #last: Sample | undefined;
  #tickedUs = 0;
  #stopTicking: (() => void) | undefined;
  readonly #forget = (): void => {
    this.#nowUs = undefined;
  };

  constructor(meter: Meter, { onBlocked = () => undefined, watch }: AttemptMeterOptions = {}) {
    this.#meter = meter;
    this.#onBlocked = onBlocked;
    this.#watch = watch;
  }

  /** Makes an attempt, and adds to its outcome what it took. */
  measure(job: Job, make: () => JobOutcome | Promise<JobOutcome>): JobOutcome | Promise<JobOutcome> {
    const beganUs = this.#begin();
    const before = this.#last as Sample;
    this.#watch?.began(job.run.dag.id, job.task);
    const outcome = make();
    const nowUs = this.#meter.nowUs();
    this.#nowUs = nowUs;
    const blockedUs = nowUs - beganUs;
    if (blockedUs > longestUs) this.#onBlocked(job, blockedUs);
    if (outcome instanceof Promise) return this.#follow(job, outcome, beganUs, before, blockedUs);
    this.#watch?.ended(job.task);
    if (blockedUs < leastUs) return outcome;
    const lasting = { beganUs, before, peakBytes: before.memoryBytes, loopDelayUs: blockedUs };
    return { ...outcome, performance: this.#performanceOf(lasting, nowUs) };
  }

  async #follow(
    job: Job,
    outcome: Promise<JobOutcome>,
    beganUs: number,
    before: Sample,
    blockedUs: number,
  ): Promise<JobOutcome> {
    const lasting: Lasting = { beganUs, before, peakBytes: before.memoryBytes, loopDelayUs: blockedUs };
    this.#lasting.add(lasting);
    this.#stopTicking ??= this.#startTicking();
    const ended = await outcome;
    this.#lasting.delete(lasting);
    this.#watch?.ended(job.task);
    const nowUs = this.#meter.nowUs();
    return nowUs - beganUs < leastUs ? ended : { ...ended, performance: this.#performanceOf(lasting, nowUs) };
  }

  #performanceOf({ beganUs, before, peakBytes, loopDelayUs }: Lasting, nowUs: number): AttemptPerformance {
    const after = this.#sample(nowUs);
    return {
      scope: this.#meter.scope,
      durationUs: Math.round(nowUs - beganUs),
      cpuUs: Math.round(Math.max(0, after.cpuUs - before.cpuUs)),
      memoryBeforeBytes: before.memoryBytes,
      memoryAfterBytes: after.memoryBytes,
      memoryPeakBytes: Math.max(peakBytes, after.memoryBytes),
      loopDelayUs: Math.round(loopDelayUs),
    };
  }

  #begin(): number {
    if (this.#nowUs === undefined) {
      // What begins in this go, one attempt after the other, begins when the one before it let go of the event loop.
      queueMicrotask(this.#forget);
      this.#nowUs = this.#meter.nowUs();
    }
    this.#sample(this.#nowUs);
    return this.#nowUs;
  }

  #sample(nowUs: number): Sample {
    if (this.#last === undefined || nowUs - this.#last.atUs > freshUs)
      this.#last = { atUs: nowUs, cpuUs: this.#meter.cpuUs(), memoryBytes: this.#meter.memoryBytes() };
    return this.#last;
  }

  #startTicking(): () => void {
    this.#tickedUs = this.#meter.nowUs();
    return this.#meter.every(sampleMs, () => {
      if (this.#lasting.size === 0) {
        this.#stopTicking?.();
        this.#stopTicking = undefined;
        return;
      }
      const nowUs = this.#meter.nowUs();
      const delayUs = nowUs - this.#tickedUs - sampleMs * 1_000;
      this.#tickedUs = nowUs;
      const { memoryBytes } = this.#sample(nowUs);
      for (const lasting of this.#lasting) {
        lasting.peakBytes = Math.max(lasting.peakBytes, memoryBytes);
        // A delay that began before the attempt did is no more than what the attempt saw of it.
        lasting.loopDelayUs = Math.max(lasting.loopDelayUs, Math.min(delayUs, nowUs - lasting.beganUs));
      }
    });
  }
}
