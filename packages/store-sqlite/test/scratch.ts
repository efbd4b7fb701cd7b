import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, type Store, systemClock } from "@millrace/core/plugin";
import { onTestFinished } from "vitest";
import { connect } from "../src/database-file.ts";
import { SqliteStore, type SqliteStoreSettings } from "../src/sqlite-store.ts";

export const noon = Date.UTC(2026, 9, 22, 12);

/** An empty folder that is gone after the test. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "millrace-sqlite-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A store with settings that no user can give; closed after the test. */
export function storeAt(path: string, settings: Partial<SqliteStoreSettings> = {}): Store {
  const common = { durability: "normal", busyLimitMs: 10_000, clock: systemClock, walThresholdBytes: 8 << 20 } as const;
  const store = new SqliteStore({ path, ...common, ...settings });
  onTestFinished(() => store.close());
  return store;
}

/** A database of an engine that wrote something and closed. */
export async function closedDatabase(path: string): Promise<void> {
  const store = storeAt(path);
  await store.open("engine");
  await store.commit([{ kind: "putSetting", key: "colour", value: "blue", at: noon }]);
  await store.close();
}

/** What must be the same afterwards when a file is left as it was. */
export function traceOf(path: string): unknown {
  const { mtimeNs, size, ino } = statSync(path, { bigint: true });
  return {
    mtimeNs,
    size,
    ino,
    bytes: readFileSync(path).toString("base64"),
    log: existsSync(`${path}-wal`),
    index: existsSync(`${path}-shm`),
  };
}

/** Does something to a database file as another program would. */
export function alter(path: string, sql: string): void {
  const db = connect(path);
  db.exec(sql);
  db.close();
}

/** A clock whose time goes on only while somebody sleeps, and at once. */
export class HastyClock implements Clock {
  time = noon;
  readonly slept: number[] = [];
  /** Called before each sleep ends. */
  whenAsleep: () => void = () => {};

  now(): number {
    return this.time;
  }

  async sleep(ms: number): Promise<void> {
    this.slept.push(ms);
    this.time += ms;
    this.whenAsleep();
  }
}
