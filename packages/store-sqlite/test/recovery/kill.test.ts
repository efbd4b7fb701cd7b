import { systemRandomness } from "@millrace/core/plugin";
import { seededNumbers } from "@millrace/testing";
import { describe, expect, test } from "vitest";
import { scratchFolder } from "../scratch.ts";
import { killPoints } from "./kill-points.ts";
import { drawKills, drawSeed, liveThrough } from "./kill-rounds.ts";

/** `MILLRACE_SOAK=1` kills at each point 20 times instead of once with each side. */
const rounds = process.env["MILLRACE_SOAK"] ? 20 : 1;
const seed = drawSeed(systemRandomness);

describe(`an engine whose process dies (MILLRACE_SEED=${seed})`, () => {
  test.for(Array.from({ length: rounds }, (_, round) => round))(
    "at each of its moments, before and after: the next one goes on, and every promise is kept (round %i)",
    { timeout: 600_000 },
    async (round) => {
      const kills = drawKills(seededNumbers(seed + round));
      expect(new Set(kills.map(({ point }) => point)).size).toBe(killPoints.length);
      const plans = kills.map((kill) => ({ kill }));
      expect((await liveThrough(scratchFolder(), plans)).join("\n")).toBe("");
    },
  );

  test("at moments that others choose: the next one goes on, and every promise is kept", {
    timeout: 600_000,
  }, async () => {
    const chance = seededNumbers(seed);
    const plans = Array.from({ length: rounds * 8 }, () => ({ killAfterLines: 1 + Math.floor(chance() * 80) }));
    expect((await liveThrough(scratchFolder(), plans)).join("\n")).toBe("");
  });
});
