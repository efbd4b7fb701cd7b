/** What something took: on the wall clock, and of processor time in all threads of this process. */
export interface Took {
  readonly wallMs: number;
  readonly cpuMs: number;
}

export async function take(work: () => unknown): Promise<Took> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  await work();
  const wallMs = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  return { wallMs, cpuMs: (user + system) / 1_000 };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The value that so many of a hundred do not exceed. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)];
}

export function medianTook(all: readonly Took[]): Took {
  return { wallMs: median(all.map(({ wallMs }) => wallMs)), cpuMs: median(all.map(({ cpuMs }) => cpuMs)) };
}

/**
 * Does each kind of work once per round, one after the other, so that a slow moment of the machine meets all of them.
 * The first rounds warm up and do not count.
 */
export async function takeInTurns<Name extends string>(
  works: Readonly<Record<Name, () => unknown>>,
  rounds: { readonly warm: number; readonly counted: number },
  beforeRound?: () => void,
): Promise<Record<Name, Took>> {
  const names = Object.keys(works) as Name[];
  const took = new Map<Name, Took[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds.warm + rounds.counted; round++) {
    beforeRound?.();
    for (const name of names) {
      const one = await take(works[name]);
      if (round >= rounds.warm) took.get(name)?.push(one);
    }
  }
  return Object.fromEntries(names.map((name) => [name, medianTook(took.get(name) ?? [])])) as Record<Name, Took>;
}
