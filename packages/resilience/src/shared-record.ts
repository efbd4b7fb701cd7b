import { messageOf } from "@millrace/core/plugin";
import type { BreakerSettings } from "./breaker-options.ts";
import { type BreakerRecord, newRecord, parseRecord } from "./breaker-record.ts";

/** A change that others overtook this often means a store whose compare-and-set never succeeds. */
const attempts = 100;

/**
 * The stored record of one breaker: read, changed by compare-and-set, read again when another caller was faster.
 * A store that fails is reported once per outage and answered with `undefined`, so that the breaker can fail open.
 */
export class SharedRecord {
  readonly #settings: BreakerSettings;
  readonly #key: string;
  #last: BreakerRecord;
  /** What failed last and was reported, until it works again. */
  readonly #failing = new Set<"reading" | "writing">();

  constructor(settings: BreakerSettings) {
    this.#settings = settings;
    this.#key = `breaker:${settings.name}`;
    this.#last = this.#fresh();
  }

  /** The record as it was last seen or written by this instance. */
  get last(): BreakerRecord {
    return this.#last;
  }

  async read(): Promise<BreakerRecord | undefined> {
    return this.#guarded(async () => {
      this.#last = (await this.#fetch()).record;
      return this.#last;
    });
  }

  /** Applies `change` to what is stored; it may be called again and must be pure. */
  async change<R extends { readonly next: BreakerRecord }>(
    change: (record: BreakerRecord) => R,
  ): Promise<R | undefined> {
    return this.#guarded(async () => {
      for (let attempt = 0; attempt < attempts; attempt++) {
        const { record, text } = await this.#fetch();
        const result = change(record);
        if (result.next === record || (await this.#put(result.next, text))) {
          this.#last = result.next;
          return result;
        }
      }
      return this.#fail("writing", new Error(`its compare-and-set was refused ${attempts} times in a row`));
    });
  }

  async #fetch(): Promise<{ readonly record: BreakerRecord; readonly text: string | undefined }> {
    const text = await this.#attempt("reading", () => this.#settings.store.get(this.#key));
    if (text === undefined) return { record: this.#fresh(), text };
    const parsed = parseRecord(text);
    if (parsed.status === "read") return { record: parsed.record, text };
    if (parsed.status === "newer") return this.#fail("reading", new Error("its record was written by a newer version"));
    this.#settings.warn(
      `The stored state of circuit breaker '${this.#settings.name}' is not readable; it begins anew.`,
    );
    return { record: this.#fresh(), text };
  }

  async #put(record: BreakerRecord, expected: string | undefined): Promise<boolean> {
    const text = JSON.stringify(record);
    const isStored = await this.#attempt("writing", () => this.#settings.store.put(this.#key, text, expected));
    if (isStored) this.#failing.delete("writing");
    return isStored;
  }

  async #attempt<R>(what: "reading" | "writing", work: () => Promise<R>): Promise<R> {
    try {
      const result = await work();
      if (what === "reading") this.#failing.delete(what);
      return result;
    } catch (error) {
      return this.#fail(what, error);
    }
  }

  #fail(what: "reading" | "writing", error: unknown): never {
    if (!this.#failing.has(what)) {
      this.#failing.add(what);
      this.#settings.warn(
        `The store of circuit breaker '${this.#settings.name}' failed, so every call is let through until it works again: ${messageOf(error)}`,
      );
    }
    throw new StoreUnusable();
  }

  async #guarded<R>(work: () => Promise<R>): Promise<R | undefined> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof StoreUnusable) return undefined;
      throw error;
    }
  }

  #fresh(): BreakerRecord {
    return newRecord(this.#settings.policy.makeRule().state, this.#settings.clock.now());
  }
}

/** Reported already; unwinds to the place that decides to go on without the store. */
class StoreUnusable extends Error {}
