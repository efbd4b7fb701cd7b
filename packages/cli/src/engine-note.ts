import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Who works on a store, as it said itself when it began. For people: nothing is decided by it alone. */
export interface EngineNote {
  readonly pid: number;
  readonly command: "run" | "start" | "backfill";
  /** ISO 8601. */
  readonly since: string;
}

const mostBytes = 1_024;

/** Leaves word in the home folder of who works there; the function returned takes it away. */
export function leaveEngineNote(home: string, command: EngineNote["command"]): () => void {
  const path = notePath(home);
  const note: EngineNote = { pid: process.pid, command, since: new Date().toISOString() };
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    const temporary = `${path}.${note.pid}`;
    writeFileSync(temporary, `${JSON.stringify(note)}\n`, { mode: 0o600 });
    renameSync(temporary, path);
  } catch {
    // It only informs people: an engine works without it.
    return () => undefined;
  }
  return () => {
    if (readEngineNote(home)?.pid === note.pid) rmSync(path, { force: true });
  };
}

/** Who works with this home folder, if it said so and is still alive. */
export function holderOf(home: string): EngineNote | undefined {
  const note = readEngineNote(home);
  return note !== undefined && isAlive(note.pid) ? note : undefined;
}

function readEngineNote(home: string): EngineNote | undefined {
  try {
    const path = notePath(home);
    if (statSync(path).size > mostBytes) return undefined;
    const note = JSON.parse(readFileSync(path, "utf8")) as Readonly<Record<string, unknown>>;
    const { pid, command, since } = note;
    if (!Number.isSafeInteger(pid) || (pid as number) < 1) return undefined;
    if (command !== "run" && command !== "start" && command !== "backfill") return undefined;
    if (typeof since !== "string" || !/^[\d:.TZ-]{1,30}$/.test(since)) return undefined;
    return { pid: pid as number, command, since };
  } catch {
    return undefined;
  }
}

function notePath(home: string): string {
  return join(home, "engine.json");
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
