import { type Dag, type DagOptions, dag } from "@millrace/core";
import { memoryDatabase, memoryStore, systemRandomness } from "@millrace/core/plugin";
import { createTestEngine, type TestEngine, type TestEngineOptions } from "@millrace/testing";
import { type NotifyOptions, notifyService } from "../src/index.ts";
import { type RecordingChannel, recordingChannel } from "./recording-channel.ts";

/** What the task of {@link switchDag} does next. */
export interface Switch {
  error: Error | undefined;
}

/** A DAG of one task that fails as long as its switch says so. */
export function switchDag(id: string, state: Switch, options: DagOptions = {}): Dag {
  return dag(id, options, (d) => {
    d.task("work", () => {
      if (state.error) throw state.error;
    });
  }) as Dag;
}

export interface NotifiedEngine extends TestEngine {
  readonly ops: RecordingChannel;
  readonly team: RecordingChannel;
  /** What the notifier reported to the engine. */
  reports(): string[];
}

/** A store that outlives its engines. */
export type Database = ReturnType<typeof memoryDatabase>;

/** An engine with a notifier that has two channels, started. */
export async function notified(
  dags: readonly Dag[],
  options: Partial<NotifyOptions> = {},
  more: Omit<Partial<TestEngineOptions>, "dags"> & {
    readonly database?: Database;
    readonly ops?: RecordingChannel;
    readonly team?: RecordingChannel;
  } = {},
): Promise<NotifiedEngine> {
  const { database = memoryDatabase(), ops = recordingChannel(), team = recordingChannel(), ...ofEngine } = more;
  const service = notifyService({ channels: { ops, team }, default: "ops", ...options });
  const test = await createTestEngine({
    dags,
    schedule: true,
    store: memoryStore({ database }),
    // Run ids of several engines on one store differ.
    randomness: systemRandomness,
    services: [service],
    ...ofEngine,
  });
  const reports = (): string[] =>
    test.events
      .filter(({ kind }) => kind === "service.failed")
      .map(({ data }) => (data as { readonly message: string }).message);
  return Object.assign(test, { ops, team, reports });
}

/** Runs a DAG to its end, and lets everybody be told. */
export async function runOf(test: TestEngine, dagId: string): Promise<void> {
  await test.run(dagId);
  await test.settle();
}
