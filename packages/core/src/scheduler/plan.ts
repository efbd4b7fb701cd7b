import { maskedChange } from "../masking/masked-texts.ts";
import type { Masker } from "../masking/masker.ts";
import type { Change, Outcome } from "../store/contract.ts";

type Effect<Subject> = (outcome: Outcome, subject: Subject) => void;

/** What one tick is going to write, and what follows once it is written. */
export class Plan {
  readonly changes: Change[] = [];
  readonly #effects: (Effect<never> | undefined)[] = [];
  readonly #subjects: unknown[] = [];
  readonly #afterwards: (() => void)[] = [];
  /** A person waits for the answer: it must survive a power cut before they get it. */
  isRequest = false;

  /**
   * @param effect - called with the change's outcome once the group is stored
   * @param subject - given to the effect, so that one function can serve many changes
   */
  add(change: Change, effect?: Effect<undefined>): void;
  add<Subject>(change: Change, effect: Effect<Subject>, subject: Subject): void;
  add(change: Change, effect?: Effect<never>, subject?: unknown): void {
    this.changes.push(change);
    this.#effects.push(effect);
    this.#subjects.push(subject);
  }

  /** Takes secrets out of what is going to be stored and told. */
  mask(masker: Masker): void {
    if (!masker.isActive) return;
    for (let place = 0; place < this.changes.length; place++)
      this.changes[place] = maskedChange(this.changes[place], masker);
  }

  /** Called once the group is stored, after all effects. */
  after(step: () => void): void {
    this.#afterwards.push(step);
  }

  get isEmpty(): boolean {
    return this.changes.length === 0 && this.#afterwards.length === 0;
  }

  /**
   * The group is stored: outcomes are handed out in order.
   *
   * @throws what the first of the effects threw, after all of them were called
   */
  carryOut(outcomes: readonly Outcome[]): void {
    const faults: unknown[] = [];
    for (let place = 0; place < outcomes.length; place++) {
      try {
        this.#effects[place]?.(outcomes[place], this.#subjects[place] as never);
      } catch (error) {
        faults.push(error);
      }
    }
    for (const step of this.#afterwards) {
      try {
        step();
      } catch (error) {
        faults.push(error);
      }
    }
    if (faults.length > 0) throw faults[0];
  }
}
