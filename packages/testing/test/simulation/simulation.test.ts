import { expect, test } from "vitest";
import { operations } from "./operations.ts";
import { simulate } from "./simulate.ts";

// MILLRACE_SEED=n replays one history and tells it; MILLRACE_SOAK=1 looks at thousands that nobody has looked at before.
const { MILLRACE_SEED: oneSeed, MILLRACE_SOAK: isSoak, MILLRACE_FIRST_SEED: firstSeed } = process.env;
const seeds = isSoak ? 5_000 : 300;

/** Seeds that once found something, in the engine or in what holds it to its promises. */
const remembered = [15, 26, 31, 101, 164, 196, 388, 90_029, 101_467, 101_931];

test.skipIf(oneSeed === undefined)("the seed given", async () => {
  const { story } = await simulate(Number(oneSeed));
  console.log(story.join("\n"));
});

test(`${seeds} random histories are lawful at every step`, { timeout: 1_800_000 }, async () => {
  const done = new Set<string>();
  const first = Number(firstSeed ?? (isSoak ? Date.now() % 1_000_000_000 : 1));
  for (let seed = first; seed < first + seeds; seed++) {
    const { story } = await simulate(seed);
    for (const line of story) if (line.endsWith(" …")) done.add(line.slice(0, -2));
  }
  expect([...done].sort()).toEqual(operations.map(({ name }) => name).sort());
});

test("histories that were unlawful once are lawful", async () => {
  for (const seed of remembered) await simulate(seed);
});

test("a seed has one history", async () => {
  for (const seed of [3, 5, 8, 13]) expect(await simulate(seed)).toEqual(await simulate(seed));
});
