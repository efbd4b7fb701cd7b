import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock, Dag, DurationInput } from "@millrace/core";
import { parseDuration } from "@millrace/core";
import type { EngineEvent, EngineService } from "@millrace/core/engine";
import type { Store } from "@millrace/core/plugin";
import { notifyService } from "@millrace/notify";
import { createTestEngine, type TestEngine } from "@millrace/testing";
import { peopleChannel } from "../people/people-channel.ts";
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
  /** Made anew for each engine. */
  readonly servicesOf?: () => readonly EngineService[];
  /** Told every event, of all engines. */
  readonly onEvent?: (event: EngineEvent) => void;
}

/** The world under a clock that only moves when it is told to, with an engine that can go down and come back. */
export class Simulation implements AsyncDisposable {
  readonly world: World;
  readonly gateway: Gateway;
  readonly webhook: Webhook;
  readonly #options: SimulationOptions;
  readonly #time: { clock: Clock | undefined; downAt: number };
  #test: TestEngine | undefined;

  private constructor(
    options: SimulationOptions,
    around: Pick<Simulation, "world" | "gateway" | "webhook">,
    time: { clock: Clock | undefined; downAt: number },
  ) {
    this.#options = options;
    this.#time = time;
    this.world = around.world;
    this.gateway = around.gateway;
    this.webhook = around.webhook;
  }

  /** Makes the world, and starts an engine in it. */
  static async begin(options: SimulationOptions): Promise<Simulation> {
    const { folder, now, msPerRow = 0 } = options;
    const time: { clock: Clock | undefined; downAt: number } = { clock: undefined, downAt: now };
    const clock: Clock = {
      now: () => time.clock?.now() ?? time.downAt,
      sleep: (ms, signal) => time.clock?.sleep(ms, signal) ?? Promise.resolve(),
    };
    const calendar = calendarFrom(now);
    const gateway = await startGateway({ clock, calendar });
    const people = await startWebhook(clock);
    mkdirSync(folder, { recursive: true });
    const catchupFile = join(folder, "catchup.json");
    writeFileSync(catchupFile, JSON.stringify({ dags: { multi_source_sync: true } }));
    const world: World = {
      folder,
      clock,
      calendar,
      gatewayUrl: () => gateway.url,
      webhookUrl: () => people.url,
      catchupFile,
      answerWithinMs: 2_000,
      isLasting: false,
      msPerRow,
    };
    const simulation = new Simulation(options, { world, gateway, webhook: people }, time);
    await simulation.#comeUp(now);
    return simulation;
  }

  get test(): TestEngine {
    if (!this.#test) throw new Error("The engine is down: it has to come up first.");
    return this.#test;
  }

  now(): number {
    return this.world.clock.now();
  }

  advance(by: DurationInput): Promise<void> {
    return this.test.advance(by);
  }

  /** The engine goes down, time passes, and another engine comes up on the same store. */
  async outage(lasts: DurationInput, meanwhile?: () => void): Promise<void> {
    this.#time.downAt = this.now();
    await this.#goDown();
    this.#time.downAt += parseDuration(lasts);
    meanwhile?.();
    await this.#comeUp(this.#time.downAt);
  }

  async #goDown(): Promise<void> {
    // Not by the test engine's own `close`: a store may have real work left, and the clock knows nothing of it.
    await this.#test?.engine.close();
    this.#test = undefined;
    this.#time.clock = undefined;
  }

  async #comeUp(now: number): Promise<void> {
    const { dagsOf, servicesOf, openStore, onEvent } = this.#options;
    const time = this.#time;
    const begin: EngineService = {
      name: "the world's clock",
      start({ clock, engine }) {
        time.clock = clock;
        if (onEvent) engine.observe(onEvent);
      },
      stop: () => undefined,
    };
    this.#test = await createTestEngine({
      dags: dagsOf(this.world),
      services: [begin, notifyService({ channels: { people: peopleChannel(this.world) } }), ...(servicesOf?.() ?? [])],
      store: openStore(),
      pools: { [gatewayPool.name]: gatewayPool.slots },
      now: new Date(now).toISOString(),
      realWork: "engine",
      // What a broken file of settings brings about is told by the story, not by warnings of the process.
      onNotice: () => undefined,
    });
    await this.#test.settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#goDown();
    await this.gateway[Symbol.asyncDispose]();
    await this.webhook[Symbol.asyncDispose]();
  }
}
