import { type Operation, operations } from "./operations.ts";
import { Oracle } from "./oracle.ts";
import { World } from "./world.ts";

const day = 86_400_000;

/**
 * One history: everything in it follows from the seed. Gives what was done and what the store has recorded.
 *
 * @throws with the seed and the line that runs it again, when something does not hold
 */
export async function simulate(
  seed: number,
): Promise<{ readonly story: readonly string[]; readonly recorded: string }> {
  const world = new World(seed);
  const oracle = new Oracle(world);
  try {
    await world.open();
    const steps = 5 + world.below(20);
    for (let step = 0; step < steps; step++) {
      if (!world.hasEngine) await world.open();
      const operation = chooseOperation(world);
      world.story.push(`${operation.name} …`);
      world.story.push(await operation.run(world));
      await oracle.check();
      if (step % 5 === 4) await oracle.checkWhole(false);
    }
    world.setFaults({});
    // An engine whose store failed for too long has stopped without a word if nobody asked it for anything since.
    if (world.hasEngine) await world.ask((engine) => engine.start());
    if (!world.hasEngine) await world.open();
    // Long enough for every instant that somebody waits for, however far the clock was set back.
    await world.clock.advance(30 * day);
    await oracle.check();
    await oracle.checkEnd();
    await world.end("closed");
    await oracle.check();
    const reader = await world.reader();
    const recorded = JSON.stringify([
      await reader.runs.list({ limit: 10_000 }),
      await reader.events.list({ limit: 10_000 }),
    ]);
    return { story: world.story, recorded };
  } catch (error) {
    const story = world.story.map((line) => `  ${line}`).join("\n");
    const plans = world.plans.map((plan) => JSON.stringify(plan)).join("\n");
    const replay = `MILLRACE_SEED=${seed} npx vitest run test/simulation (in packages/testing)`;
    throw new Error(`seed ${seed}: ${(error as Error).message}\nagain: ${replay}\n${story}\n${plans}`, {
      cause: error,
    });
  }
}

function chooseOperation(world: World): Operation {
  const urn = operations.flatMap((operation) => Array.from({ length: operation.weight }, () => operation));
  return world.pick(urn);
}
