/** What stands for label values beyond the limit. */
export const otherLabel = "other";

/** Longest label value; ids of DAGs may have 200 characters, those of tasks in groups more. */
const longestValue = 256;

/** Keeps the number of series of one metric within bounds: each is kept in memory and in every monitoring system. */
export class LabelGuard {
  readonly #most: number;
  readonly #onFold: () => void;
  readonly #known = new Map<string, Set<string>>();
  #combinations = 0;

  /**
   * @param most - values of one label; ten times as many combinations
   * @param onFold - called each time that a value becomes `other`
   */
  constructor(most: number, onFold: () => void) {
    this.#most = most;
    this.#onFold = onFold;
  }

  /** The values under which a new combination is kept: itself, or with `other` where there are too many already. */
  admit(labels: readonly string[], values: readonly string[]): readonly string[] {
    if (labels.length === 0) return values;
    let isFolded = false;
    const fold = (): string => {
      isFolded = true;
      return otherLabel;
    };
    let kept = values.map((value, at) => {
      if (value === otherLabel) return value;
      if (value.length > longestValue) return fold();
      const known = this.#valuesOf(labels[at]);
      if (known.has(value)) return value;
      if (known.size >= this.#most) return fold();
      known.add(value);
      return value;
    });
    if (!isFolded && ++this.#combinations > this.#most * 10) kept = values.map(fold);
    if (isFolded) this.#onFold();
    return kept;
  }

  #valuesOf(label: string): Set<string> {
    const known = this.#known.get(label) ?? new Set();
    this.#known.set(label, known);
    return known;
  }
}
