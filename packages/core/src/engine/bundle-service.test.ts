import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { gate, openEngine } from "../../test/test-engine.ts";
import { dag } from "../authoring/dag.ts";
import { memoryDatabase, memoryStore } from "../store/memory-store.ts";
import { bundleService } from "./bundle-service.ts";

const day = 86_400;

test("bundles of runs stay, those of nobody go once they are a day old, also while the engine works", async () => {
  const home = mkdtempSync(join(tmpdir(), "millrace-bundle-service-"));
  mkdirSync(join(home, "bundles"));
  const held = gate();
  const slow = dag("slow", {}, (d) => {
    d.task("t", () => held.opened);
  });
  const database = memoryDatabase();
  const services = [bundleService({ home })];
  const opened = await openEngine({ dags: [slow], store: memoryStore({ database }), home, services });
  const { engine, clock, store } = opened;
  const fileOf = (letter: string): string => join(home, "bundles", `${letter.repeat(64)}.mjs`);
  const make = (letter: string, ageDays: number): void => {
    writeFileSync(fileOf(letter), "");
    const at = clock.now() / 1_000 - ageDays * day;
    utimesSync(fileOf(letter), at, at);
  };
  make("a", 2);
  make("b", 2);
  make("c", 0);
  // A run of a version that was loaded from bundle a.
  const version = {
    dagId: "slow",
    snapshot: "{}",
    taskIds: ["t"],
    paused: false,
    startDate: null,
    startDateIsRelative: false,
    at: 0,
  };
  const [outcome] = await store.commit([{ kind: "registerDag", ...version, fingerprint: "a", bundle: "a".repeat(64) }]);
  if (outcome.status !== "registered") throw new Error("not registered");
  const { dagNo, versionNo } = outcome;
  const run = { runId: "r", type: "manual", logicalDate: 0, intervalStart: 0, intervalEnd: 0 } as const;
  const rest = { params: null, conf: null, idempotencyKey: null, backfill: null, at: 0 };
  await store.commit([{ kind: "createRun", dagNo, versionNo, ...run, ...rest }]);
  await engine.start();
  await clock.settle();
  expect(["a", "b", "c"].filter((letter) => existsSync(fileOf(letter)))).toEqual(["a", "c"]);
  await clock.advance(2 * day * 1_000);
  expect(["a", "b", "c"].filter((letter) => existsSync(fileOf(letter)))).toEqual(["a"]);
  held.open();
  await clock.drive(engine.close());
  rmSync(home, { recursive: true });
});
