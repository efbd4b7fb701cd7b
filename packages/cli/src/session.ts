import type { LoadedConfig, LoadedDag, LoadedDags, ResolvedStore } from "@millrace/core/engine";
import type { Store } from "@millrace/core/plugin";
import type { Catalogue } from "./catalogue.ts";
import { cliError } from "./errors.ts";
import { nearest } from "./nearest.ts";
import { arrow } from "./report-error.ts";
import type { Io } from "./terminal/io.ts";
import { type Style, styleOf, wantsColor } from "./terminal/style.ts";

/** Core's door for host programs. Loaded when a command works, not when it only prints its help. */
export type Core = typeof import("@millrace/core/engine");

/** The options that every command takes. */
export interface GlobalOptions {
  readonly config?: string;
  readonly home?: string;
  readonly output: "table" | "json";
  readonly color: boolean;
  readonly quiet: boolean;
  readonly debug: boolean;
}

/** What one call of the command works with: where it writes, and what it has opened so far. */
export class Session {
  readonly io: Io;
  readonly options: GlobalOptions;
  readonly catalogue: Catalogue;
  /** For standard output. */
  readonly style: Style;
  /** For standard error. */
  readonly errStyle: Style;
  /** `--in-memory`: a store that nobody else sees. */
  inMemory = false;
  /** `--concurrency`. */
  concurrency: number | undefined;
  #config: Promise<LoadedConfig> | undefined;
  #dags: Promise<LoadedDags> | undefined;
  #store: Promise<ResolvedStore> | undefined;
  #reader: Promise<Store | undefined> | undefined;

  constructor(io: Io, options: GlobalOptions, catalogue: Catalogue) {
    this.io = io;
    this.catalogue = catalogue;
    this.options = options;
    this.style = styleOf(options.output === "table" && wantsColor(io.out, io.env, !options.color));
    this.errStyle = styleOf(wantsColor(io.err, io.env, !options.color));
  }

  get isJson(): boolean {
    return this.options.output === "json";
  }

  now(): number {
    return Date.now();
  }

  core(): Promise<Core> {
    return import("@millrace/core/engine");
  }

  /** The command's payload: as JSON, or as lines for people. Nothing else goes to standard output. */
  print(payload: unknown, lines: () => readonly string[]): void {
    const text = this.isJson ? JSON.stringify(payload, null, 2) : lines().join("\n");
    if (text !== "") this.io.out.write(`${text}\n`);
  }

  /** Something worth knowing beside the payload. */
  note(text: string): void {
    if (!this.options.quiet) this.io.err.write(`${this.errStyle.dim(text)}\n`);
  }

  /** Something that is wrong but does not stop the command. */
  warn(text: string, cure?: string): void {
    const lines = [`${this.errStyle.warn("!")} ${text}`, ...(cure === undefined ? [] : arrow(cure, this.errStyle))];
    this.io.err.write(`${lines.join("\n")}\n`);
  }

  config(): Promise<LoadedConfig> {
    this.#config ??= this.#loadConfig();
    return this.#config;
  }

  async #loadConfig(): Promise<LoadedConfig> {
    const { loadConfig } = await this.core();
    return loadConfig({
      cwd: this.io.cwd,
      env: this.io.env,
      config: this.options.config,
      flags: {
        home: this.options.home,
        store: this.inMemory ? "memory" : undefined,
        concurrency: this.concurrency,
      },
      resolveFrom: [import.meta.url],
    });
  }

  /** Every DAG of the configured folder. */
  dags(): Promise<LoadedDags> {
    this.#dags ??= this.#loadDags();
    return this.#dags;
  }

  async #loadDags(): Promise<LoadedDags> {
    const { loadDags } = await this.core();
    const { dags: folder, home } = await this.config();
    return loadDags({ folder, home });
  }

  /**
   * One DAG by its id.
   *
   * @throws `DAG_ID_INVALID`, and `DAG_NOT_FOUND` with the nearest id and the files that could not be loaded
   */
  async dag(dagId: string): Promise<LoadedDag> {
    const { checkDagId } = await this.core();
    const { coreError } = await import("@millrace/core/plugin");
    checkDagId(dagId);
    const loaded = await this.dags();
    const found = loaded.dags.find(({ dag }) => dag.id === dagId);
    if (found) return found;
    const near = nearest(
      dagId,
      loaded.dags.map(({ dag }) => dag.id),
    );
    const { importErrorHint } = await import("./views/import-error-view.ts");
    const broken = importErrorHint(loaded.errors, this.io.cwd);
    const hints = [near === undefined ? undefined : `Did you mean '${near}'?`, broken].filter(
      (hint) => hint !== undefined,
    );
    throw withHint(coreError("DAG_NOT_FOUND", { dagId }), hints.join("\n"));
  }

  /**
   * One DAG by its id, to be run: from its file as the file is now.
   *
   * @throws what {@link dag} throws, and what is wrong with the file if the DAG is only left from before
   */
  async currentDag(dagId: string): Promise<LoadedDag> {
    const found = await this.dag(dagId);
    if (!found.isStale) return found;
    const broken = (await this.dags()).errors.find(({ path }) => path === found.path);
    const { importErrorPlace } = await import("./views/import-error-view.ts");
    const place = broken === undefined ? found.path : importErrorPlace(broken, this.io.cwd);
    throw withHint(
      broken?.error ?? new Error(`${found.path} could not be loaded`),
      `The mistake is at ${place}. The file was good before, but what it gave then is not run by hand.`,
    );
  }

  /** The store that the config names, not opened. */
  store(): Promise<ResolvedStore> {
    this.#store ??= this.#resolveStore();
    return this.#store;
  }

  async #resolveStore(): Promise<ResolvedStore> {
    const { resolveStore } = await this.core();
    return resolveStore(await this.config());
  }

  /** The store, opened to read; `undefined` if there is nothing to read yet. */
  async reader(): Promise<Store | undefined> {
    this.#reader ??= this.#openReader();
    const store = await this.#reader;
    // What is not there yet may be there the next time: an engine makes it.
    if (!store) this.#reader = undefined;
    return store;
  }

  async #openReader(): Promise<Store | undefined> {
    const resolved = await this.store();
    if (resolved.inspect) {
      const { exists, schema, problems } = await resolved.inspect({ deep: false });
      if (problems.length > 0) throw problems[0];
      if (!exists || schema.found === null) return undefined;
    }
    const store = resolved.create();
    await store.open("reader");
    return store;
  }

  /**
   * The store, opened to read.
   *
   * @throws `STORE_EMPTY` if there is nothing to read yet
   */
  async neededReader(): Promise<Store> {
    const store = await this.reader();
    if (store) return store;
    throw cliError("STORE_EMPTY", { location: await this.storeLocation() });
  }

  /** Where the store is, for people. */
  async storeLocation(): Promise<string> {
    const resolved = await this.store();
    return (await resolved.inspect?.({ deep: false }))?.location ?? `the store '${resolved.name}'`;
  }

  async close(): Promise<void> {
    const store = await this.#reader?.catch(() => undefined);
    await store?.close();
  }
}

const hints = new WeakMap<Error, string>();

/** Gives an error a further line for people, for example the nearest name there is. */
export function withHint<E extends Error>(error: E, hint: string): E {
  if (hint !== "") hints.set(error, hint);
  return error;
}

export function hintOf(error: unknown): string | undefined {
  return error instanceof Error ? hints.get(error) : undefined;
}
