import { parentPort, workerData } from "node:worker_threads";
import { isFailedSync } from "./failed-sync.ts";
import { type DatabaseSync, nodeSqlite } from "./node-sqlite.ts";
import type { CheckpointRound } from "./wal-checkpoints.ts";

// Moves pages from the write-ahead log into the database file, beside the event loop of the engine.
// Each message asks for one round; the answer says how many pages the log holds and how many of them are moved.

const port = parentPort;
let db: DatabaseSync | undefined;

port?.on("message", (message: unknown) => {
  if (message === "close") {
    db?.close();
    port.close();
  } else {
    port.postMessage(checkpoint());
  }
});

function checkpoint(): CheckpointRound {
  try {
    db ??= connect();
    const row = db?.prepare("PRAGMA wal_checkpoint(PASSIVE)").get();
    return { pages: Number(row?.log ?? 0), moved: Number(row?.checkpointed ?? 0) };
  } catch (error) {
    if (isFailedSync(error)) return { pages: 1, moved: 0, failedSync: String(error) };
    // Nothing is lost: the next round tries again, and what is wrong with the file is told to whoever writes to it.
    return { pages: 1, moved: 0 };
  }
}

function connect(): DatabaseSync | undefined {
  const module = nodeSqlite();
  if (module === undefined) return undefined;
  const connection = new module.DatabaseSync(String(workerData.path), { timeout: 5 });
  connection.exec("PRAGMA wal_autocheckpoint = 0");
  return connection;
}
