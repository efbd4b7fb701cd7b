import { describe, test } from "vitest";

/** One promise of a contract and how it is tried on a subject: what is made anew for each case. */
export interface ConformanceCase<Subject> {
  readonly name: string;
  run(subject: Subject): void | Promise<void>;
}

interface Cleanable {
  cleanup?(): void | Promise<void>;
}

/** Makes a subject, tries the case on it and cleans up, whatever happened. */
export async function tryCase<Subject>(
  { run }: ConformanceCase<Subject>,
  make: () => Subject | Promise<Subject>,
): Promise<void> {
  const subject = await make();
  try {
    await run(subject);
  } finally {
    await (subject as Cleanable).cleanup?.();
  }
}

/** Defines one test for each case in the vitest file that asks for it. */
export function defineSuite<Subject>(
  title: string,
  cases: readonly ConformanceCase<Subject>[],
  make: () => Subject | Promise<Subject>,
): void {
  describe(title, () => {
    for (const one of cases) test(one.name, { timeout: 120_000 }, () => tryCase(one, make));
  });
}
