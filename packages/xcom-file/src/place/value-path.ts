import type { XComAddress } from "@millrace/core/plugin";
import { decodeId, encodeId } from "./id-encoding.ts";

/** Where a value lies in the tree: the folders of its DAG, run and task, and its own file. */
export interface ValuePath {
  readonly folders: readonly string[];
  readonly name: string;
  /** True for a file that was never finished. */
  readonly isPartial: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Unless one of its ids is too long to be read back. */
  readonly address?: XComAddress;
}

/** The folders of a DAG, of a run in it, of a task in that. */
export function foldersOf(scope: {
  readonly dagId?: string;
  readonly runId?: string;
  readonly taskId?: string;
}): string[] {
  const { dagId, runId, taskId } = scope;
  return [
    ...(dagId === undefined ? [] : encodeId("dag", dagId)),
    ...(runId === undefined ? [] : encodeId("run", runId)),
    ...(taskId === undefined ? [] : encodeId("task", taskId)),
  ];
}

/**
 * The names that lead to a new file for a value, for example
 * `dag=sales / run=2024-01-15 / task=extract / key=rows,map=-1,20240115t143022123z,<chance>.xcom`.
 */
export function newPath(address: XComAddress, createdAt: number, chance: string): { folders: string[]; name: string } {
  const key = encodeId("key", address.key);
  const when = new Date(createdAt).toISOString().replace(/[-:.]/g, "").toLowerCase();
  const name = `${key.at(-1)},map=${address.mapIndex},${when},${chance}.xcom`;
  return { folders: [...foldersOf(address), ...key.slice(0, -1)], name };
}

/** Reads a path or a reference; `undefined` for anything that {@link newPath} cannot have made. */
export function parsePath(path: string): ValuePath | undefined {
  if (path.length > longestPath) return undefined;
  const folders = path.split("/");
  const last = folders.pop() as string;
  const [, dot, keyEnd, map, year, month, day, hour, minute, second, milli, part] = fileName.exec(last) ?? [];
  if (keyEnd === undefined || (dot === ".") !== (part === ".part")) return undefined;
  const createdAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${milli}Z`);
  const mapIndex = Number(map);
  if (!(Number.isFinite(createdAt) && Number.isSafeInteger(mapIndex) && mapIndex >= -1)) return undefined;

  const ids: (string | undefined)[] = [];
  let names: readonly string[] = [...folders, keyEnd];
  for (const level of ["dag", "run", "task", "key"]) {
    const found = decodeId(level, names);
    if (!found) return undefined;
    ids.push(found.id);
    names = names.slice(found.used);
  }
  if (names.length > 0) return undefined;
  const [dagId, runId, taskId, key] = ids;
  const address =
    dagId === undefined || runId === undefined || taskId === undefined || key === undefined
      ? {}
      : { address: { dagId, runId, taskId, mapIndex, key } };
  return { folders, name: last, isPartial: dot === ".", createdAt, ...address };
}

/** True when the path is one that a value of this address may have. */
export function belongsTo(path: ValuePath, address: XComAddress): boolean {
  const wanted = newPath(address, 0, "");
  const beginning = wanted.name.slice(0, wanted.name.lastIndexOf(",", wanted.name.lastIndexOf(",") - 1) + 1);
  return path.folders.join("/") === wanted.folders.join("/") && path.name.startsWith(beginning);
}

/** Four ids of the longest kind, their folders and the end of the name. */
const longestPath = 2_400;

const fileName =
  /^(\.?)((?:key=|\+)[^,/]*),map=(-1|0|[1-9]\d{0,15}),(\d{4})(\d\d)(\d\d)t(\d\d)(\d\d)(\d\d)(\d{3})z,[0-9a-f]{32}\.xcom(\.part)?$/;
