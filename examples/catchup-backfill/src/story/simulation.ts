import type { Clock, Dag, DurationInput } from "@millrace/core";
import { parseDuration } from "@millrace/core";
import type { EngineEvent, EngineService } from "@millrace/core/engine";
import type { Store } from "@millrace/core/plugin";
import { createTestEngine, type TestEngine } from "@millrace/testing";
import { type Gateway, startGateway } from "../source-system/gateway.ts";
import { gatewayPool } from "../system-recovery-processing.ts";
import { calendarFrom, type World } from "../world.ts";
import { startWebhook, type Webhook } from "./webhook.ts";

export interface SimulationOptions {
  /** Where the systems lie. */
  readonly folder: string;
  /** Opens what the engines keep, one after the other. */
  readonly openStore: () => Store;
  /** When it begins. */
  readonly now: number;
  readonly dagsOf: (world: World) => readonly Dag[];
  /** How long reading a row takes, in simulated time. Default 0. */
  readonly msPerRow?: number;
  readonly servicesOf?: (world: World) => readonly EngineService[];
  /** Told every event, of all engines. */
  readonly onEvent?: (event: EngineEvent, engine: TestEngine) => void;
}

/** The world under a clock that only moves when it is told to, with an engine that can go down and come back. */
export class Simulation implements AsyncDisposable {
  readonly world: World;
  readonly gateway: Gateway;
  readonly webhook: Webhook;
  readonly #options: SimulationOptions;
  readonly #time: { test?: TestEngine; downAt: number };

  private constructor(
    options: SimulationOptions,
    around: { world: World; gateway: Gateway; webhook: Webhook; time: { test?: TestEngine; downAt: number } },
  ) {
    this.#options = options;
    this.#time = around.time;
    this.world = around.world;
    this.gateway = around.gateway;
    this.webhook = around.webhook;
  }

  /** Makes the world, and starts an engine in it. */
  static async begin(options: SimulationOptions): Promise<Simulation> {
    const time: { test?: TestEngine; downAt: number } = { downAt: options.now };
    const clock: Clock = {
      now: () => time.test?.clock.now() ?? time.downAt,
      sleep: (ms, signal) => time.test?.clock.sleep(ms, signal) ?? Promise.resolve(),
    };
    const calendar = calendarFrom(options.now);
    const gateway = await startGateway({ clock, calendar });
    const webhook = await startWebhook(clock);
    const world: World = {
      folder: options.folder,
      clock,
      calendar,
      gatewayUrl: () => gateway.url,
      webhookUrl: () => webhook.url,
      answerWithinMs: 2_000,
      msPerRow: options.msPerRow ?? 0,
    };
    const simulation = new Simulation(options, { world, gateway, webhook, time });
    await simulation.#comeUp(options.now);
    return simulation;
  }

  get test(): TestEngine {
    if (!this.#time.test) throw new Error("The engine is down: the story has to bring it up first.");
    return this.#time.test;
  }

  now(): number {
    return this.world.clock.now();
  }

  advance(by: DurationInput): Promise<void> {
    return this.test.advance(by);
  }

  /** The engine goes down, time passes, and another engine comes up on the same store. */
  async outage(lasts: DurationInput, meanwhile?: () => void): Promise<void> {
    const { test } = this;
    this.#time.downAt = test.clock.now();
    // Not by the test engine's own `close`: a store may have real work left, and the clock knows nothing of it.
    await test.engine.close();
    this.#time.test = undefined;
    this.#time.downAt += parseDuration(lasts);
    meanwhile?.();
    await this.#comeUp(this.#time.downAt);
  }

  async #comeUp(now: number): Promise<void> {
    const { dagsOf, servicesOf, onEvent, openStore } = this.#options;
    // Services and tasks ask the world for the time from the moment on at which the engine has a clock.
    const test = await createTestEngine({
      dags: dagsOf(this.world),
      services: servicesOf?.(this.world) ?? [],
      store: openStore(),
      pools: { [gatewayPool.name]: gatewayPool.slots },
      now: new Date(now).toISOString(),
      schedule: false,
    });
    this.#time.test = test;
    if (onEvent) test.engine.observe((event) => onEvent(event, test));
    await test.engine.start();
    await test.settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#time.test?.engine.close();
    await this.gateway[Symbol.asyncDispose]();
    await this.webhook[Symbol.asyncDispose]();
  }
}
