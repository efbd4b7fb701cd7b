import { join } from "node:path";
import { openEngine, succeed } from "./bench-engine.ts";
import type { Figure } from "./figure.ts";
import { chainDag, fanOutDag, fib } from "./flows.ts";
import { percentile, takeInTurns } from "./measure.ts";
import type { Sizes } from "./sizes.ts";

const chainLength = 40;
const longFlow = 10;

/** Whole flows from the request to the recorded end, one at a time, on an engine that is warm. */
export async function measureLatency(folder: string, sizes: Sizes): Promise<Figure[]> {
  const chain = chainDag("chain", chainLength, () => 1);
  const fanOut = fanOutDag("fan_out", sizes.fanOut);
  const shortFib = chainDag("short_fib", chainLength, () => fib(10));
  const longFib = chainDag("long_fib", longFlow, () => fib(sizes.longFib));
  const handOvers: number[] = [];
  let endedAt = Number.POSITIVE_INFINITY;
  const relay = chainDag("relay", chainLength, () => {
    const now = performance.now();
    if (now > endedAt) handOvers.push(now - endedAt);
    endedAt = now;
    return 1;
  });
  const engine = await openEngine(join(folder, "latency.db"), [chain, fanOut, shortFib, longFib, relay]);
  const quick = await takeInTurns(
    {
      chain: () => succeed(engine, chain),
      fanOut: () => succeed(engine, fanOut),
      shortFib: () => succeed(engine, shortFib),
    },
    sizes.flowRounds,
  );
  const slow = await takeInTurns(
    {
      bare: () => {
        for (let place = 0; place < longFlow; place++) fib(sizes.longFib);
      },
      longFib: () => succeed(engine, longFib),
    },
    { warm: Math.min(1, sizes.flowRounds.warm), counted: Math.min(5, sizes.flowRounds.counted) },
  );
  for (let round = 0; round < sizes.flowRounds.warm + sizes.flowRounds.counted; round++) {
    endedAt = Number.POSITIVE_INFINITY;
    if (round === sizes.flowRounds.warm) handOvers.length = 0;
    await succeed(engine, relay);
  }
  await engine.close();
  return [
    {
      id: "chain40",
      name: `durable: chain of ${chainLength} no-op tasks`,
      value: quick.chain.wallMs,
      unit: "ms",
      target: { atMost: 5 },
    },
    {
      id: "fanOut",
      name: `durable: 1 task, ${sizes.fanOut.toLocaleString("en-US")} after it, and a join`,
      value: quick.fanOut.wallMs,
      unit: "ms",
      target: { atMost: 30 },
    },
    {
      id: "handOver",
      name: "durable: from a task's end to the start of the one behind it, 99th percentile",
      value: percentile(handOvers, 99),
      unit: "ms",
      target: { atMost: 50 },
      more: { medianMs: percentile(handOvers, 50) },
    },
    { id: "fib10x40", name: `durable: ${chainLength} × fib(10)`, value: quick.shortFib.wallMs, unit: "ms" },
    {
      id: "fib33x10",
      name: `durable: ${longFlow} × fib(${sizes.longFib})`,
      value: slow.longFib.wallMs,
      unit: "ms",
      ratio: { value: slow.longFib.wallMs / slow.bare.wallMs, to: "the bare loop" },
      more: { bareLoopMs: slow.bare.wallMs },
    },
  ];
}
