import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Io } from "../terminal/io.ts";

/** DAGs and their tasks, as far as completion needs them. */
export interface KnownDag {
  readonly id: string;
  readonly says: string;
  readonly tasks: readonly string[];
}

interface CacheFile {
  /** Change times of everything that the ids came from; 0 where nothing was. */
  readonly changedAt: Readonly<Record<string, number>>;
  readonly dags: readonly KnownDag[];
}

/** What decides which DAGs there are, besides the files themselves. */
const deciding = ["MILLRACE_CONFIG", "MILLRACE_DAGS", "MILLRACE_HOME"] as const;

/** Where the ids of this folder are kept between two completions: loading DAG files takes longer than a person waits. */
export function cachePathOf(io: Pick<Io, "env" | "cwd">): string | undefined {
  const base = io.env.XDG_CACHE_HOME || (io.env.HOME ? join(io.env.HOME, ".cache") : undefined);
  if (base === undefined) return undefined;
  const key = createHash("sha256")
    .update(JSON.stringify([io.cwd, ...deciding.map((name) => io.env[name] ?? "")]))
    .digest("hex");
  return join(base, "millrace", "completion", `${key.slice(0, 32)}.json`);
}

/** The ids kept, if nothing they came from has changed. */
export function readKnownDags(path: string): readonly KnownDag[] | undefined {
  try {
    const { changedAt, dags } = JSON.parse(readFileSync(path, "utf8")) as CacheFile;
    const isFresh = Object.entries(changedAt).every(([file, at]) => changeTimeOf(file) === at);
    return isFresh ? dags : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps ids for the next time; where that is not possible, nothing happens. */
export function keepKnownDags(path: string, sources: readonly string[], dags: readonly KnownDag[]): void {
  const file: CacheFile = {
    changedAt: Object.fromEntries(sources.map((source) => [source, changeTimeOf(source)])),
    dags,
  };
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const temporary = `${path}.${process.pid}`;
    writeFileSync(temporary, JSON.stringify(file), { mode: 0o600 });
    renameSync(temporary, path);
  } catch {
    // The next completion is as slow as this one.
  }
}

function changeTimeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
