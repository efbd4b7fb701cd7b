import { writeFileSync } from "node:fs";
import type { EngineEvent } from "@millrace/core/engine";
import { count } from "../../report/number-format.ts";
import { chapterTeller, type Played, runsOf, type Stage } from "../stage.ts";

const dagId = "multi_source_sync";

export interface SettingsFound {
  readonly changes: readonly EngineEvent[];
  readonly madeUpFor: number;
}

/** Catchup is switched by a file, broken, and mended, while the engine works. */
export async function playSettings(stage: Stage): Promise<Played<SettingsFound>> {
  const { simulation, events, world } = stage;
  const { tell, end } = chapterTeller(stage, {
    id: "settings",
    title: "Catchup switched by a file",
    lead: `${dagId} reads its catchup from a file, again and again. Nothing is deployed, and the engine goes on.`,
  });
  const seen = events.length;
  const write = (text: string): void => writeFileSync(world.catchupFile, text);
  write(JSON.stringify({ dags: { [dagId]: false } }));
  await simulation.advance("20m");
  const before = (await runsOf(stage, dagId)).length;
  await simulation.outage("4d");
  await simulation.advance("1h");
  const madeUpFor = (await runsOf(stage, dagId)).length - before;
  tell(`The file says false. After four more days down, ${count(madeUpFor, "run")} was made, for the newest day.`);
  write('{ "dags": { "multi_source_sync": tru');
  await simulation.advance("20m");
  const broken = events.slice(seen).find(({ kind }) => kind === "dag.catchup_unreadable");
  tell(
    `Somebody saves half a file: ${broken ? "that is told once, and the last good setting goes on to hold" : "nobody noticed"}.`,
  );
  write(JSON.stringify({ dags: { [dagId]: { window: "3d", maxRuns: 3 } } }));
  await simulation.advance("20m");
  const changes = events.slice(seen).filter(({ kind }) => kind === "dag.catchup_changed");
  for (const { data } of changes) {
    const { old, new: now, by } = data as { old: unknown; new: unknown; by: string };
    tell(`Recorded: catchup changed from ${JSON.stringify(old)} to ${JSON.stringify(now)} by ${by}.`);
  }
  return { chapter: end(), found: { changes, madeUpFor } };
}
