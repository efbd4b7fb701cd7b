import type { TaskInstanceRow } from "../store/contract.ts";

/** Tokens of one engine lie in a range of their own. */
const tokensOfEpoch = 2 ** 32;

/** The token of the n-th attempt of an engine. */
export function tokenOf(epoch: number, attemptNo: number): number {
  return epoch * tokensOfEpoch + attemptNo;
}

/** Attempts that former engines were making when their processes ended, by the engine. */
export class LostAttempts {
  readonly #byEpoch = new Map<number, number>();

  /** @param running - rows that are running although no engine works */
  constructor(running: readonly TaskInstanceRow[]) {
    for (const { token } of running) {
      const epoch = Math.floor(token / tokensOfEpoch);
      this.#byEpoch.set(epoch, (this.#byEpoch.get(epoch) ?? 0) + 1);
    }
  }

  /** True when nothing else was under way in that process: then it was this attempt that ended it, or somebody from outside. */
  wasAlone(token: number): boolean {
    return this.#byEpoch.get(Math.floor(token / tokensOfEpoch)) === 1;
  }
}
