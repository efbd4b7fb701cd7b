import { dag, isMillraceError } from "@millrace/core";
import { type MemoryDatabase, memoryDatabase, memoryStore } from "@millrace/core/plugin";
import {
  checkHistory,
  createTestEngine,
  type ManualClock,
  type ManualExecutor,
  manualClock,
  manualExecutor,
  type TestEngine,
} from "@millrace/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Marked, type ModelRun, SmallModel, type TaskId, taskIds } from "./small-model.ts";

const definition = dag("small", {}, (d) => {
  const a = d.task("a", () => undefined);
  d.task("b", () => undefined).after(a);
  d.task("c", { retries: { max: 1, delay: "10s", backoff: "fixed" } }, () => undefined);
});

type Command =
  | { readonly kind: "trigger" | "advance" | "crash" | "close" | "pause" | "replace" }
  | { readonly kind: "finish"; readonly run: number; readonly task: TaskId; readonly how: "success" | "failed" }
  | { readonly kind: "cancel" | "retry"; readonly run: number }
  | { readonly kind: "clear"; readonly run: number; readonly task: TaskId }
  | { readonly kind: "mark"; readonly run: number; readonly task: TaskId; readonly to: Marked };

const run = fc.nat(3);
const task = fc.constantFrom(...taskIds);
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("trigger" as const) }) },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("finish" as const),
      run,
      task,
      how: fc.constantFrom("success" as const, "failed" as const),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        "advance" as const,
        "crash" as const,
        "close" as const,
        "pause" as const,
        "replace" as const,
      ),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom("cancel" as const, "retry" as const), run }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("clear" as const), run, task }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("mark" as const),
      run,
      task,
      to: fc.constantFrom("success" as const, "failed" as const, "skipped" as const),
    }),
  },
);

/** The engine of the moment; others take its place on the same rows. */
class System {
  readonly clock: ManualClock = manualClock();
  readonly #database: MemoryDatabase = memoryDatabase();
  executor: ManualExecutor = manualExecutor();
  test: TestEngine | undefined;

  async open(): Promise<void> {
    this.executor = manualExecutor();
    const store = memoryStore({ database: this.#database });
    const options = { dags: [definition], store, clock: this.clock, executor: this.executor, maxCrashes: 1_000 };
    this.test = await createTestEngine(options);
    await this.clock.drive(this.test.engine.start());
    await this.clock.settle();
  }

  async end(how: "crash" | "close"): Promise<void> {
    if (how === "crash") this.#database.crash();
    await this.test?.close();
  }
}

async function apply(command: Command, model: SmallModel, system: System): Promise<void> {
  const { clock, executor } = system;
  const { engine } = system.test as TestEngine;
  const chosen = (number: number): ModelRun | undefined => model.runs[number % Math.max(1, model.runs.length)];
  const meant = "run" in command ? chosen(command.run) : undefined;
  if ("run" in command && !meant) return;
  const { runId } = meant ?? { runId: "" };
  switch (command.kind) {
    case "trigger": {
      const name = `r${model.runs.length}`;
      if (model.runs.length >= 4) return;
      model.trigger(name);
      return void (await clock.drive(engine.trigger(definition, { runId: name })));
    }
    case "finish": {
      if (meant?.tasks[command.task].state !== "running") return;
      model.finish(meant, command.task, command.how);
      const attempt = executor.underWay().find((one) => one.runId === runId && one.taskId === command.task);
      if (!attempt) throw new Error(`no attempt of ${command.task} in ${runId} is under way`);
      return command.how === "success" ? executor.succeed(attempt) : executor.fail(attempt);
    }
    case "advance":
      model.advance();
      return clock.advance("20s");
    case "crash":
    case "close":
      await system.end(command.kind);
      return system.open();
    case "pause":
      return clock.drive(engine.pause("small"));
    case "replace":
      return void (await clock.drive(engine.replaceDags({ put: [definition] })));
    case "cancel":
      model.cancel(meant as ModelRun);
      return void (await clock.drive(engine.cancel("small", runId)));
    case "clear":
      model.clear(meant as ModelRun, command.task);
      return void (await clock.drive(engine.clear("small", runId, { tasks: [command.task] })));
    case "mark":
      model.mark(meant as ModelRun, command.task, command.to);
      return void (await clock.drive(engine.mark("small", runId, command.to, { tasks: [command.task] })));
    case "retry": {
      const isPossible = model.retry(meant as ModelRun);
      const done = await clock.drive(engine.retry("small", runId)).then(
        () => true,
        (error: unknown) => !isMillraceError(error, "NOTHING_TO_RETRY"),
      );
      return expect(done).toBe(isPossible);
    }
  }
}

test("whatever people, attempts and processes do, runs and tasks stand where a small model says", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 40 }), async (commands) => {
      const model = new SmallModel();
      const system = new System();
      await system.open();
      for (const one of commands) {
        await apply(one, model, system);
        await system.clock.settle();
        const { engine, store } = system.test as TestEngine;
        for (const { runId, state, tasks } of model.runs) {
          const stored = await store.runs.find("small", runId);
          const rows = await engine.tasks("small", runId);
          const found = Object.fromEntries(rows.map((row) => [row.taskId, row.state]));
          const expected = Object.fromEntries(taskIds.map((id) => [id, tasks[id].state]));
          expect([one, runId, stored?.state, found]).toEqual([one, runId, state, expected]);
        }
        expect(await checkHistory(store, { dags: [definition], isOver: false })).toEqual([]);
      }
      await system.end("close");
    }),
    { numRuns: process.env["MILLRACE_SOAK"] ? 20_000 : 300 },
  );
}, 600_000);
