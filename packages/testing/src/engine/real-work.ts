import { AsyncLocalStorage, createHook } from "node:async_hooks";
import type { Executor } from "@millrace/core/engine";
import type { Store } from "@millrace/core/plugin";
import type { RealWork } from "../clock/manual-clock.ts";

/** One look at what is under way. */
const lookMs = 2;

/** Attempts that hold nothing are taken to wait for the clock after so many looks. */
const quietLooks = 12;

/** How long attempts that do hold something are waited for. */
const patienceMs = 4_000;

/** How long attempts are waited for that hold nothing, when no time is left that could end them. */
const lastHopeMs = 1_000;

/** Kinds of asynchronous resources that stand for work under way: timers, requests to the system, sockets, programs. */
const isWork = /^Timeout$|REQ|WRAP$|^ZLIB$|^WORKER$/;
/** Random bytes are drawn at once, and what stood for that is there until it is collected. */
const isNoWork = /SERVERWRAP$|^TTYWRAP$|^SIGNALWRAP$|^RANDOMBYTES/;

interface Attempt {
  /** Resources that were made in its context and are still there, by their ids. */
  readonly held: Map<number, { hasRef?(): boolean }>;
  quiet: number;
  looks: number;
}

const contexts = new AsyncLocalStorage<Attempt>();

/**
 * Attempts that read files, ask servers or run programs take real time, and the clock must not run on meanwhile. While there
 * are attempts under way this waits for them in real time: as long as they hold timers, requests or sockets that they have
 * made, at most four seconds; those that hold nothing (they wait for their signal, or for ever) for 25 ms, and for a second
 * when nobody sleeps on the clock. What the engine itself and its services have open is waited for likewise, if it was made
 * by {@link engine}.
 */
export class AttemptsWork implements RealWork {
  readonly #underWay = new Map<number, Attempt>();
  readonly #owners = new Map<number, Attempt>();
  #engine: Attempt | undefined;
  #writes = 0;
  #hopes = 0;
  readonly #hook = createHook({
    init: (id, kind, _, resource) => {
      const attempt = isWork.test(kind) && !isNoWork.test(kind) ? contexts.getStore() : undefined;
      if (!attempt) return;
      attempt.held.set(id, resource);
      this.#owners.set(id, attempt);
    },
    destroy: (id) => {
      this.#owners.get(id)?.held.delete(id);
      this.#owners.delete(id);
    },
  });

  /** Makes an engine, or has it begin, with an eye on what it opens itself from then on: files of settings, connections. */
  engine<T>(make: () => Promise<T>): Promise<T> {
    this.#engine ??= { held: new Map(), quiet: 0, looks: 0 };
    this.#hook.enable();
    return contexts.run(this.#engine, make);
  }

  /** The store, with an eye on what it is writing: one that has a disk to wait for takes real time. */
  writing(store: Store): Store {
    return new Proxy(store, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== "function") return value;
        if (key !== "commit") return value.bind(target);
        return async (...group: Parameters<Store["commit"]>) => {
          this.#writes++;
          try {
            return await target.commit(...group);
          } finally {
            this.#writes--;
          }
        };
      },
    });
  }

  /** The executor, with an eye on what its attempts do. */
  watched(inner: Executor): Executor {
    return {
      freeSlots: () => inner.freeSlots(),
      start: (host) =>
        inner.start({
          perform: (job) => {
            const attempt = this.#underWay.get(job.token);
            return attempt ? contexts.run(attempt, () => host.perform(job)) : host.perform(job);
          },
          finished: (token, outcome) => {
            this.#ended(token);
            host.finished(token, outcome);
          },
        }),
      submit: (job) => {
        if (this.#underWay.size === 0) this.#hook.enable();
        this.#underWay.set(job.token, { held: new Map(), quiet: 0, looks: 0 });
        inner.submit(job);
      },
      cancel: (token, reason) => {
        this.#ended(token);
        inner.cancel(token, reason);
      },
      stop: () => {
        for (const token of [...this.#underWay.keys()]) this.#ended(token);
        return inner.stop();
      },
    };
  }

  async wait(isLastHope: boolean): Promise<boolean> {
    const isEngineBusy = this.#isEngineBusy();
    if (this.#underWay.size === 0 && !isEngineBusy) return false;
    const isBusy = this.#look() || isEngineBusy;
    this.#hopes = isLastHope ? this.#hopes + 1 : isBusy ? 0 : this.#hopes;
    if (!isBusy && !(isLastHope && this.#hopes <= lastHopeMs / lookMs)) return false;
    await new Promise<void>((resolve) => setTimeout(resolve, lookMs));
    return true;
  }

  #look(): boolean {
    let isBusy = false;
    for (const attempt of this.#underWay.values()) {
      attempt.quiet = isWorking(attempt) ? 0 : attempt.quiet + 1;
      if (attempt.looks++ <= patienceMs / lookMs && attempt.quiet <= quietLooks) isBusy = true;
    }
    return isBusy;
  }

  #isEngineBusy(): boolean {
    if (!this.#engine) return false;
    this.#engine.looks = this.#writes > 0 || isWorking(this.#engine) ? this.#engine.looks + 1 : 0;
    return this.#engine.looks > 0 && this.#engine.looks <= patienceMs / lookMs;
  }

  #ended(token: number): void {
    if (!this.#underWay.delete(token) || this.#underWay.size > 0) return;
    this.#hopes = 0;
    if (this.#engine) return;
    this.#hook.disable();
    this.#owners.clear();
  }

  /** Nothing is looked at any more. */
  close(): void {
    this.#hook.disable();
  }
}

/** What would not keep the process alive is nothing that somebody waits for: a timer in the background, an idle connection. */
function isWorking({ held }: Attempt): boolean {
  for (const resource of held.values()) if (resource.hasRef?.() !== false) return true;
  return false;
}
