import { createHash } from "node:crypto";
import type { XComAddress } from "@millrace/core/plugin";
import { s3Error } from "./errors.ts";

/** Longest encoded text of each id, so that a whole key stays below 1,024 bytes and each of its steps below 256. */
const longest = { dagId: 200, runId: 250, taskId: 200, key: 120 } as const;

/** What the steps of a key are made of: characters that S3 and every tool around it leave alone. */
const step = "(?:[A-Za-z0-9_-]|![0-9A-F]{2})(?:[A-Za-z0-9_.-]|![0-9A-F]{2})*";
const clipped = "(?:!-[0-9a-f]{40})?";
const id = `(${step}${clipped}|!)`;
const pathPattern = new RegExp(
  `^v1/dag=${id}/run=${id}/task=${id}/map=(-1|0|[1-9][0-9]{0,9})/${id}/[0-9]{8}T[0-9]{9}Z-[0-9a-f]{32}$`,
);

/** The folder of a DAG, of one of its runs, of a task in it: what is listed of a part of the place. */
export function scopeFolder(scope: {
  readonly dagId?: string;
  readonly runId?: string;
  readonly taskId?: string;
}): string {
  if (scope.dagId === undefined) return "v1/";
  if (scope.runId === undefined) return `v1/dag=${encoded(scope.dagId, "dagId")}/`;
  const run = `v1/dag=${encoded(scope.dagId, "dagId")}/run=${encoded(scope.runId, "runId")}/`;
  return scope.taskId === undefined ? run : `${run}task=${encoded(scope.taskId, "taskId")}/`;
}

/** The folder of everything that was ever written under an address. */
export function addressFolder(address: XComAddress): string {
  return `${scopeFolder(address)}map=${address.mapIndex}/${encoded(address.key, "key")}/`;
}

/** Which name an object gets below its address's folder: nobody else draws the same. */
export function objectName(now: number, random: string): string {
  return `${new Date(now).toISOString().replace(/[-:.]/g, "")}-${random}`;
}

/** True for what {@link addressFolder} and {@link objectName} make together. */
export function isObjectPath(path: string): boolean {
  return path.length <= 1_024 && pathPattern.test(path);
}

/**
 * Whose value lies at a path.
 *
 * @returns `"clipped"` if an id was too long for the path, `undefined` for what is no path of this place
 */
export function addressOfPath(path: string): XComAddress | "clipped" | undefined {
  const parts = path.length <= 1_024 ? pathPattern.exec(path) : null;
  if (!parts) return undefined;
  const [, dagId, runId, taskId, map, key] = parts as unknown as [string, string, string, string, string, string];
  const ids = [dagId, runId, taskId, key];
  if (ids.some((text) => text.includes("!-"))) return "clipped";
  try {
    const [dag, run, task, own] = ids.map(decoded) as [string, string, string, string];
    return { dagId: dag, runId: run, taskId: task, mapIndex: Number(map), key: own };
  } catch {
    return undefined;
  }
}

/** The whole address as text for an object's metadata; `undefined` if the path tells it, or if it is too long even there. */
export function addressNote(address: XComAddress): string | undefined {
  if (!addressFolder(address).includes("!-")) return undefined;
  const { dagId, runId, taskId, mapIndex, key } = address;
  const note = Buffer.from(JSON.stringify([dagId, runId, taskId, mapIndex, key])).toString("base64url");
  return note.length <= 1_800 ? note : undefined;
}

/** Reads a note back, if it is one of the address that the path stands for. */
export function addressOfNote(note: string | undefined, path: string): XComAddress | undefined {
  if (note === undefined || note.length > 1_800) return undefined;
  try {
    const [dagId, runId, taskId, mapIndex, key] = JSON.parse(Buffer.from(note, "base64url").toString()) as unknown[];
    const texts = [dagId, runId, taskId, key];
    if (!texts.every((text) => typeof text === "string") || !Number.isSafeInteger(mapIndex)) return undefined;
    const address = { dagId, runId, taskId, mapIndex, key } as XComAddress;
    return path.startsWith(addressFolder(address)) ? address : undefined;
  } catch {
    return undefined;
  }
}

/**
 * An id as one step of a key: what is not harmless becomes `!` and two hexadecimal digits for each byte, and a text that is
 * too long ends in `!-` and a hash.
 */
function encoded(text: string, field: keyof typeof longest): string {
  if (!text.isWellFormed()) {
    const sizeBytes = Buffer.byteLength(text);
    throw s3Error("XCOM_S3_ADDRESS_INVALID", { field, sizeBytes, why: "it has half a character in it" });
  }
  if (text === "") return "!";
  const whole = text.replace(/[^A-Za-z0-9_.-]|^\./gu, (character) =>
    Array.from(Buffer.from(character), (byte) => `!${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
  if (whole.length <= longest[field]) return whole;
  const head = whole.slice(0, longest[field] - 42).replace(/![0-9A-F]?$/, "");
  return `${head}!-${createHash("sha256").update(text).digest("hex").slice(0, 40)}`;
}

/** @throws for bytes that are no text */
function decoded(text: string): string {
  if (text === "!") return "";
  const bytes = Buffer.from(text.replace(/!([0-9A-F]{2})/g, "%$1"));
  return decodeURIComponent(bytes.toString("latin1"));
}
