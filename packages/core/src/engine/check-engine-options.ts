import { isPlainRecord, OptionReader } from "../authoring/option-reader.ts";
import { isSecretProvider, isStore, isXComPart } from "../config/plugin-kinds.ts";
import type { MillraceError } from "../errors.ts";
import type { EngineOptions } from "./create-engine.ts";

const known = {
  dags: true,
  store: true,
  xcom: true,
  pools: true,
  concurrency: true,
  executor: true,
  threads: true,
  killGrace: true,
  storePatience: true,
  maxCrashes: true,
  services: true,
  home: true,
  secrets: true,
  secretTtl: true,
  secretTimeout: true,
  metrics: true,
  watchdog: true,
  onTaskLine: true,
  onNotice: true,
  clock: true,
  meter: true,
  randomness: true,
} as const satisfies Record<keyof EngineOptions, true>;

/** Options within options. */
const knownWithin = {
  xcom: { backend: true, readers: true, maxValueBytes: true, timeout: true, onOperation: true, logOperations: true },
  threads: { max: true, maxMemoryMb: true, env: true },
  metrics: { maxLabelValues: true, meterProvider: true },
  watchdog: { after: true },
} as const satisfies {
  readonly [K in "xcom" | "threads" | "metrics" | "watchdog"]: Record<
    keyof Exclude<EngineOptions[K], undefined | string>,
    true
  >;
};

/** The functions that each part must have. */
const functionsOf = {
  executor: ["start", "submit", "cancel", "freeSlots", "stop"],
  clock: ["now", "sleep"],
  meter: ["nowUs", "cpuUs", "memoryBytes", "every"],
  randomness: ["hex"],
} as const satisfies { readonly [K in keyof EngineOptions]?: readonly (keyof NonNullable<EngineOptions[K]>)[] };

const mostConcurrency = 100_000;

/**
 * Refuses options of the wrong kind before anything is opened: what a program without a compiler, or one that was
 * silenced, may give.
 *
 * @throws `DAG_OPTION_INVALID`, for the first mistake
 */
export function checkEngineOptions(options: EngineOptions): void {
  const mistakes: MillraceError[] = [];
  const read = new OptionReader("createEngine", mistakes);
  if (options === null) read.wrong("options", options, "an object with options is needed");
  const given = read.options("options", options);
  read.noOthers(given, known);
  if (given.store !== undefined && !isStore(given.store))
    read.wrong("store", given.store, 'a store is needed, for example sqlite({ path: ".millrace/millrace.db" })');
  if (given.home !== undefined && !isPath(given.home)) read.wrong("home", given.home, "the path of a folder is needed");
  if (given.dags === null) read.wrong("dags", given.dags, "a list of DAGs is needed");
  const { concurrency } = given;
  read.wholeNumber("concurrency", concurrency, 1);
  if (typeof concurrency === "number" && concurrency > mostConcurrency)
    read.wrong("concurrency", concurrency, `at most ${mostConcurrency} is possible`);
  read.wholeNumber("maxCrashes", given.maxCrashes, 1);
  read.duration("killGrace", given.killGrace);
  read.duration("storePatience", given.storePatience);
  read.duration("secretTtl", given.secretTtl);
  read.duration("secretTimeout", given.secretTimeout);
  read.record("pools", given.pools);
  for (const [option, names] of Object.entries(knownWithin)) {
    const within = given[option as keyof typeof knownWithin];
    if (within === "inline") continue;
    read.noOthers(read.record<object>(option, within) ?? {}, names, `${option}.`);
  }
  for (const option of ["onTaskLine", "onNotice"] as const)
    if (given[option] !== undefined && typeof given[option] !== "function")
      read.wrong(option, given[option], "a function is needed");
  read.duration("watchdog.after", given.watchdog?.after);
  for (const [option, names] of Object.entries(functionsOf)) {
    const part = given[option as keyof typeof functionsOf];
    if (part !== undefined && !hasFunctions(part, names))
      read.wrong(option, part, `an object with the functions ${names.join(", ")} is needed`);
  }
  checkServices(given.services, read);
  checkSecrets(given.secrets, read);
  checkXCom(given.xcom, read);
  if (mistakes.length > 0) throw mistakes[0];
}

function checkServices(services: unknown, read: OptionReader): void {
  if (services === undefined) return;
  const isList = Array.isArray(services);
  const wrong: unknown = isList
    ? services.find((service) => !hasFunctions(service, ["start", "stop"]) || typeof service.name !== "string")
    : services;
  if (!isList || wrong !== undefined || services.includes(undefined))
    read.wrong("services", wrong, "a list of objects with name, start and stop is needed");
}

function checkSecrets(secrets: unknown, read: OptionReader): void {
  if (secrets === undefined) return;
  const isList = Array.isArray(secrets);
  const wrong: unknown = isList ? secrets.find((provider) => !isSecretProvider(provider)) : secrets;
  if (!isList || !secrets.every(isSecretProvider))
    read.wrong("secrets", wrong, "a list of providers with name and get is needed, for example [environmentSecrets()]");
}

function checkXCom(given: EngineOptions["xcom"], read: OptionReader): void {
  if (!isPlainRecord(given)) return;
  const { backend, readers, maxValueBytes, timeout, onOperation, logOperations } = given ?? {};
  const isBackend =
    hasFunctions(backend, [
      "serialize",
      "serializeText",
      "serializeStream",
      "deserialize",
      "deserializeText",
      "deserializeStream",
      "isStale",
      "renew",
      "purge",
    ]) && isListOfParts(backend["parts"]);
  if (backend !== undefined && !isBackend && !isListOfParts(backend))
    read.wrong("xcom.backend", backend, "a list of parts is needed, for example [gzip()], or what xcomBackend gives");
  if (readers !== undefined && !isListOfParts(readers))
    read.wrong("xcom.readers", readers, "a list of parts is needed, for example [gzip()]");
  read.wholeNumber("xcom.maxValueBytes", maxValueBytes, 1);
  read.duration("xcom.timeout", timeout);
  if (logOperations !== undefined && typeof logOperations !== "boolean")
    read.wrong("xcom.logOperations", logOperations, "true or false is needed");
  if (onOperation !== undefined && typeof onOperation !== "function")
    read.wrong("xcom.onOperation", onOperation, "a function is needed");
}

function isListOfParts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isXComPart);
}

function isPath(value: unknown): boolean {
  return typeof value === "string" && value !== "" && !value.includes("\0");
}

function hasFunctions(value: unknown, names: readonly string[]): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  return names.every((name) => typeof (value as Readonly<Record<string, unknown>>)[name] === "function");
}
