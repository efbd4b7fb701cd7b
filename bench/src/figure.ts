/** One measured number, with what it is held against. */
export interface Figure {
  /** Key in the JSON line. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly value: number;
  readonly unit: "tasks/s" | "runs/s" | "MB/s" | "s" | "ms" | "µs" | "MB" | "×";
  /** The value beside another one of the same run. */
  readonly ratio?: { readonly value: number; readonly to: string };
  readonly target?: Target;
  /** A sentence that the reader needs to judge the number. */
  readonly note?: string;
  /** Numbers that belong to the figure and are in the JSON only. */
  readonly more?: Readonly<Record<string, number>>;
}

/** Bounds of the value or of the ratio; every bound that is given must hold. */
export interface Target {
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly ratioAtLeast?: number;
  readonly ratioAtMost?: number;
  /** Of `more.aboveUs`: microseconds above what it is held against. */
  readonly aboveAtMostUs?: number;
}

/** A figure that could not be measured, and why. */
export interface Gap {
  readonly id: string;
  readonly name: string;
  readonly why: string;
}

export function isGap(entry: Figure | Gap): entry is Gap {
  return "why" in entry;
}

/** `undefined` for a figure without a target: it is there to compare with. */
export function isMet({ value, ratio, target, more }: Figure): boolean | undefined {
  if (!target) return undefined;
  const { atLeast, atMost, ratioAtLeast, ratioAtMost, aboveAtMostUs } = target;
  return (
    (atLeast === undefined || value >= atLeast) &&
    (atMost === undefined || value <= atMost) &&
    (ratioAtLeast === undefined || (ratio !== undefined && ratio.value >= ratioAtLeast)) &&
    (ratioAtMost === undefined || (ratio !== undefined && ratio.value <= ratioAtMost)) &&
    (aboveAtMostUs === undefined || (more?.aboveUs !== undefined && more.aboveUs <= aboveAtMostUs))
  );
}
