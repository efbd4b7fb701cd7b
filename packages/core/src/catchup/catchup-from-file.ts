import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { basename, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { coreError, isMillraceError, shown } from "../errors.ts";
import type { DurationInput } from "../time/duration.ts";
import type { CatchupSetting, CatchupSource } from "../timetable/catchup.ts";
import { parseSettingsDocument, type SettingsDocument } from "./settings-document.ts";
import { checkSourceOptions, usualEvery } from "./source-options.ts";

export interface CatchupFileOptions {
  /** Which of the file's `settings` holds. Default: what its `dags` has for the DAG, else its `default`. */
  readonly name?: string;
  /** How often the file is read. Default 10 s. */
  readonly every?: DurationInput;
  /** Holds for DAGs that the file says nothing of, and as long as it could never be read. Default `false`. */
  readonly default?: CatchupSetting;
}

/** Largest file that is read. */
const mostBytes = 262_144;
/** A file that has changed must look the same twice, so long apart: it may be just being written. */
const restMs = 250;
/** How often that is tried at a time. */
const mostLooks = 4;

/**
 * Catchup settings from a file, YAML or JSON (by the end of its name), for one DAG or many. It is read again every 10 s while
 * an engine works; what changes in it holds from the next scheduled run on. A file that is broken, or gone, changes nothing.
 *
 * ```yaml
 * default: false
 * settings:
 *   gentle: { maxRuns: 10 }
 * dags:
 *   sales: true
 *   orders: gentle
 *   visits: { since: 2026-10-01, window: 7d, maxRuns: 100 }
 * ```
 *
 * @param path - of the file; one that is relative counts from the folder of the process, so `new URL("./catchup.yaml", import.meta.url)` is better
 * @throws `DAG_OPTION_INVALID`, `CATCHUP_INVALID` (the default)
 * @example
 * ```ts
 * import { catchupFromFile, dag } from "@millrace/core";
 *
 * const settings = catchupFromFile(new URL("./catchup.yaml", import.meta.url), { default: { maxRuns: 10 } });
 * export default dag("sales", { catchup: settings, startDate: "2026-10-01" }, (d) => {
 *   d.task("load", () => 1);
 * });
 * ```
 */
export function catchupFromFile(path: string | URL, options: CatchupFileOptions = {}): CatchupSource {
  const file = pathOf(path);
  checkSourceOptions("catchupFromFile", options, { name: true, every: true, default: true });
  const { name, every = usualEvery, default: byDefault = false } = options;
  /** What is held of the file, and the text that this is. */
  let held: { readonly text: string; readonly document: SettingsDocument } | undefined;
  /** What was wrong with the text that was looked at last: broken text may take long to be read. */
  let refused: { readonly text: string; readonly error: unknown } | undefined;
  return {
    name: name === undefined ? basename(file) : `${basename(file)} (${name})`,
    every,
    default: byDefault,
    async refresh({ signal, clock }) {
      let text = readText(file);
      for (let looks = 1; held && text !== held.text; looks++) {
        await clock.sleep(restMs, signal);
        const again = readText(file);
        if (again === text) break;
        if (looks === mostLooks) throw unreadable(file, "it is being written all the time");
        text = again;
      }
      if (text === held?.text) return;
      if (text === refused?.text) throw refused.error;
      try {
        held = { text, document: documentWith(name, text, file) };
      } catch (error) {
        refused = { text, error };
        throw error;
      }
    },
    read({ dagId }) {
      if (!held) return undefined;
      const { settings, dags, default: ofFile } = held.document;
      if (name !== undefined) return settings.get(name);
      return dags.has(dagId) ? dags.get(dagId) : ofFile;
    },
  };
}

function documentWith(name: string | undefined, text: string, path: string): SettingsDocument {
  const document = parseSettingsDocument(text, path);
  if (name === undefined || document.settings.has(name)) return document;
  throw coreError("CATCHUP_FILE_INVALID", { path, why: `it has no settings named ${shown(name)}` });
}

function pathOf(path: unknown): string {
  const text = path instanceof URL && path.protocol === "file:" ? fileURLToPath(path) : path;
  if (typeof text === "string" && text !== "" && !text.includes("\0")) return resolve(text);
  throw coreError("DAG_OPTION_INVALID", {
    option: "path",
    where: "catchupFromFile",
    value: shown(path),
    expected: "the path of a file is needed",
  });
}

/**
 * Reads the file at once, as it is small and near.
 *
 * @throws `CATCHUP_FILE_UNREADABLE`
 */
function readText(path: string): string {
  const bytes = readBytes(path);
  if (bytes.length > mostBytes) throw unreadable(path, `it is larger than ${mostBytes} bytes`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw unreadable(path, "it is not UTF-8 text", error);
  }
}

/** Its bytes, or one more than there may be. */
function readBytes(path: string): Uint8Array {
  let file: number | undefined;
  try {
    // Without waiting: a pipe that nobody writes to would be waited for.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(file);
    if (!stat.isFile()) throw unreadable(path, "it is no file");
    // One byte more than it is said to have: it may grow, and then there may be as many as there may be.
    for (let room = Math.min(stat.size, mostBytes) + 1; ; room = mostBytes + 1) {
      const bytes = new Uint8Array(room);
      let length = 0;
      for (let read = -1; read !== 0 && length < room; length += read)
        read = readSync(file, bytes, length, room - length, length);
      if (length < room || room > mostBytes) return bytes.subarray(0, length);
    }
  } catch (error) {
    throw isMillraceError(error) ? error : unreadable(path, systemCode(error), error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function unreadable(path: string, why: string, cause?: unknown): Error {
  return coreError("CATCHUP_FILE_UNREADABLE", { path, why }, cause === undefined ? {} : { cause });
}

function systemCode(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ENOENT" ? "it is not there" : (code ?? "the system refused it");
}
