import { type Dirent, readdirSync, realpathSync, statSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { messageOf } from "../errors.ts";

/** Endings of DAG files. */
const loadableExtensions: readonly string[] = [".ts", ".mts", ".js", ".mjs"];

/** Greatest size of a DAG file. */
const mostBytes = 2 * 1024 * 1024;
/** Most DAG files of one folder. */
const mostFiles = 5_000;
const deepestFolder = 20;

/** A file that is not loaded, and why. */
export interface SkippedFile {
  readonly path: string;
  readonly reason: string;
}

export interface DagFiles {
  /** Absolute paths, sorted. */
  readonly files: readonly string[];
  readonly skipped: readonly SkippedFile[];
}

/**
 * The files below a folder that may define DAGs. Tests, declarations, hidden files and `node_modules` are left out in
 * silence; what looks like a DAG file and is left out all the same is reported with its reason.
 */
export function findDagFiles(folder: string): DagFiles {
  const files: string[] = [];
  const skipped: SkippedFile[] = [];
  const links: string[] = [];
  const root = realpathSync(folder);
  const skip = (path: string, reason: string): void => {
    skipped.push({ path, reason });
  };

  const visit = (at: string, depth: number): void => {
    for (const entry of entriesOf(at, skip)) {
      const path = join(at, entry.name);
      if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
      if (entry.isSymbolicLink()) visitLink(path);
      else if (entry.isDirectory()) visitFolder(path, depth);
      else if (entry.isFile() && isDagFileName(entry.name)) add(path);
    }
  };
  const visitFolder = (path: string, depth: number): void => {
    if (depth >= deepestFolder) skip(path, `it lies more than ${deepestFolder} folders deep`);
    else visit(path, depth + 1);
  };
  const visitLink = (path: string): void => {
    const target = realPathOf(path);
    const steps = target === undefined ? undefined : relative(root, target);
    const isFile = target !== undefined && statSync(target).isFile();
    if (isFile && !isDagFileName(path)) return;
    if (steps === undefined) skip(path, "it is a link that leads nowhere");
    else if (isOutside(steps)) skip(path, "it is a link that leads out of the DAGs folder");
    else if (!isFile) skip(path, "it is a link to a folder");
    else links.push(path);
  };
  const add = (path: string): void => {
    const { size } = statSync(path);
    if (size > mostBytes) skip(path, `it has ${size} bytes, more than ${mostBytes}`);
    else if (files.length >= mostFiles) skip(path, `the folder has more than ${mostFiles} DAG files`);
    else files.push(path);
  };

  visit(root, 0);
  // A mounted folder often shows its files as links to a hidden one within it. What is found by itself is not taken twice.
  const known = new Set(files);
  for (const path of links) if (!known.has(realpathSync(path))) add(path);
  const inFolder = (path: string): string => join(folder, relative(root, path));
  return {
    files: files.sort(byPath).map(inFolder),
    skipped: skipped.map(({ path, reason }) => ({ path: inFolder(path), reason })),
  };
}

/** True for names such as `sales.ts`; false for `sales.test.ts` and `sales.d.ts`. */
export function isDagFileName(name: string): boolean {
  return loadableExtensions.includes(extname(name)) && !/\.(?:test|spec|d|test-d)\.[a-z]+$/.test(name);
}

function isOutside(steps: string): boolean {
  return steps === ".." || steps.startsWith(`..${sep}`);
}

function entriesOf(folder: string, skip: (path: string, reason: string) => void): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => byPath(a.name, b.name));
  } catch (error) {
    skip(folder, messageOf(error));
    return [];
  }
}

function realPathOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** By code unit, folder by folder, so that the order is the same on every machine. */
function byPath(a: string, b: string): number {
  const [left, right] = [a.replaceAll(sep, "\0"), b.replaceAll(sep, "\0")];
  return left < right ? -1 : left > right ? 1 : 0;
}
