import { backfillService } from "@millrace/backfill";
import type { Dag } from "@millrace/core";
import type { EngineEvent } from "@millrace/core/engine";
import type { Store } from "@millrace/core/plugin";
import { historicalSalesMigration } from "../historical-sales-migration.ts";
import { incrementalDataProcessing } from "../incremental-data-processing.ts";
import { multiSourceSync } from "../multi-source-sync.ts";
import type { StoryReport } from "../report/story-report.ts";
import { systemRecoveryProcessing } from "../system-recovery-processing.ts";
import type { World } from "../world.ts";
import { playAgain } from "./chapters/again.ts";
import { playBackfill } from "./chapters/backfill.ts";
import { playEveryday } from "./chapters/everyday.ts";
import { playHistory } from "./chapters/history.ts";
import { playOutage } from "./chapters/outage.ts";
import { playSettings } from "./chapters/settings.ts";
import { dagFigures } from "./dag-figures.ts";
import { Simulation } from "./simulation.ts";
import { skippedWork } from "./skipped-work.ts";
import type { Stage } from "./stage.ts";
import { storyChecks } from "./story-checks.ts";

export interface StoryOptions {
  readonly folder: string;
  readonly openStore: () => Store;
  /** How large the store is, for the report. */
  readonly storeBytes: () => number;
  /** When the story begins: the shop has thirty days behind it. */
  readonly now: number;
  readonly say: (line: string) => void;
  /** How long reading a row takes, in the time of the story. Default 100 ms. */
  readonly msPerRow?: number;
  /** Real milliseconds, to tell how long it took. */
  readonly realMs: () => number;
}

/** Plays the whole story, chapter by chapter, and gives what there is to report. */
export async function tellStory({ msPerRow = 100, ...options }: StoryOptions): Promise<StoryReport> {
  const { folder, openStore, storeBytes, now, say, realMs } = options;
  const began = realMs();
  const events: EngineEvent[] = [];
  await using simulation = await Simulation.begin({
    folder,
    openStore,
    now,
    msPerRow,
    onEvent: (event) => events.push(event),
    dagsOf,
    servicesOf: () => [backfillService()],
  });
  const { world } = simulation;
  const stage: Stage = { simulation, world, events, storeBytes, say, dags: dagsOf(world) };
  const history = await playHistory(stage);
  const everyday = await playEveryday(stage);
  const outage = await playOutage(stage);
  const settings = await playSettings(stage);
  const backfill = await playBackfill(stage);
  const again = await playAgain(stage);
  return {
    beganAt: now,
    endedAt: simulation.now(),
    tookSeconds: (realMs() - began) / 1_000,
    chapters: [history, everyday, outage, settings, backfill, again].map(({ chapter }) => chapter),
    dags: await dagFigures(stage),
    skipped: skippedWork(stage),
    checks: await storyChecks(stage, {
      outage: outage.found,
      settings: settings.found,
      backfill: backfill.found,
      again: again.found,
    }),
    messages: [...simulation.webhook.messages],
    catchup: history.found.spans,
    recovery: outage.found.spans,
    resources: backfill.found.resources,
  };
}

function dagsOf(world: World): readonly Dag[] {
  return [
    historicalSalesMigration(world),
    systemRecoveryProcessing(world),
    incrementalDataProcessing(world),
    multiSourceSync(world, { settingsEvery: "10m" }),
  ];
}
