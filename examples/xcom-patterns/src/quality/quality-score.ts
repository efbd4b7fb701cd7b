/** What is asked of every record of a source. */
export interface QualityRules {
  /** Fields that must be there. */
  readonly required: readonly string[];
  /** Checks of single fields; a field that is absent is not checked again. */
  readonly valid: Readonly<Record<string, (value: unknown) => boolean>>;
  /** What makes a record the same as another; leave it out where repeats are fine. */
  readonly identity?: (record: Readonly<Record<string, unknown>>) => string;
}

export interface QualityResult {
  /** 0 (failed) to 1 (perfect), two places. */
  readonly score: number;
  readonly issues: string[];
  readonly record_count: number;
}

/**
 * Looks at records one after the other, so that a data set of any size can be judged while it streams by.
 *
 * The score is the share of complete records × the share of valid ones among these × the share without repeats.
 */
export class QualityTally {
  readonly #rules: QualityRules;
  readonly #missing = new Map<string, number>();
  readonly #invalid = new Map<string, number>();
  readonly #seen = new Set<string>();
  #count = 0;
  #complete = 0;
  #valid = 0;
  #repeated = 0;
  #unreadable = 0;

  constructor(rules: QualityRules) {
    this.#rules = rules;
  }

  add(record: unknown): void {
    this.#count++;
    if (typeof record !== "object" || record === null || "unreadable_line" in record) {
      this.#unreadable++;
      return;
    }
    const fields = record as Readonly<Record<string, unknown>>;
    const isComplete = this.#checkRequired(fields);
    const isValid = this.#checkValues(fields);
    if (isComplete) this.#complete++;
    if (isComplete && isValid) this.#valid++;
    const identity = isComplete ? this.#rules.identity?.(fields) : undefined;
    if (identity === undefined) return;
    if (this.#seen.has(identity)) this.#repeated++;
    this.#seen.add(identity);
  }

  /** @param expectedCount - how many records there should have been, if that is known */
  result(expectedCount?: number): QualityResult {
    if (this.#count === 0) return { score: 0, issues: ["no data available"], record_count: 0 };
    const issues: string[] = [];
    const say = (what: string, count: number): void => {
      if (count > 0) issues.push(`${what} in ${count} of ${this.#count} records`);
    };
    say("data corruption", this.#unreadable);
    for (const [field, count] of this.#missing) say(`missing ${field}`, count);
    for (const [field, count] of this.#invalid) say(`invalid ${field}`, count);
    say("repeated records", this.#repeated);
    let score = this.#complete === 0 ? 0 : (this.#complete / this.#count) * (this.#valid / this.#complete);
    score *= 1 - this.#repeated / this.#count;
    if (expectedCount !== undefined && expectedCount !== this.#count) {
      issues.push(`incomplete: ${this.#count} of ${expectedCount} records`);
      score *= Math.min(this.#count, expectedCount) / Math.max(this.#count, expectedCount);
    }
    return { score: Math.round(score * 100) / 100, issues, record_count: this.#count };
  }

  #checkRequired(fields: Readonly<Record<string, unknown>>): boolean {
    let isComplete = true;
    for (const field of this.#rules.required) {
      if (!isAbsent(fields[field])) continue;
      this.#missing.set(field, (this.#missing.get(field) ?? 0) + 1);
      isComplete = false;
    }
    return isComplete;
  }

  #checkValues(fields: Readonly<Record<string, unknown>>): boolean {
    let isValid = true;
    for (const [field, check] of Object.entries(this.#rules.valid)) {
      if (isAbsent(fields[field]) || check(fields[field])) continue;
      this.#invalid.set(field, (this.#invalid.get(field) ?? 0) + 1);
      isValid = false;
    }
    return isValid;
  }
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

/** The bands that decide where data is pushed and how it is analysed. */
export type QualityBand = "high" | "medium" | "low";

export function bandOf(score: number): QualityBand {
  if (score >= 0.8) return "high";
  return score >= 0.5 ? "medium" : "low";
}

/** The mean of the sources' scores, two places. */
export function overallScore(scores: readonly number[]): number {
  if (scores.length === 0) return 0;
  return Math.round((scores.reduce((sum, score) => sum + score, 0) / scores.length) * 100) / 100;
}
