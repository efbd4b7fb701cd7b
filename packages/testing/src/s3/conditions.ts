import type { StoredObject } from "./bucket.ts";
import { refused } from "./refusals.ts";

type Headers = Readonly<Record<string, string>>;

/** Whether a write may take the place of what is there: `If-None-Match: *`, `If-Match: <etag>`. */
export function checkWriteConditions(headers: Headers, current: StoredObject | undefined): void {
  const noneMatch = headers["if-none-match"];
  const match = headers["if-match"];
  if (noneMatch !== undefined && noneMatch !== "*") {
    throw refused("NotImplemented", undefined, { elements: { Header: "If-None-Match" } });
  }
  if (noneMatch !== undefined && match !== undefined)
    throw refused("NotImplemented", "If-Match and If-None-Match exclude each other");
  if (noneMatch !== undefined && current)
    throw refused("PreconditionFailed", undefined, { elements: { Condition: "If-None-Match" } });
  if (match === undefined) return;
  if (!current) throw refused("NoSuchKey");
  if (match !== "*" && bare(match) !== bare(current.etag)) {
    throw refused("PreconditionFailed", undefined, { elements: { Condition: "If-Match" } });
  }
}

/** Whether a read has to be carried out; false is 304. `If-Match` and `If-None-Match` come before the dates (RFC 9110, 13.2.2). */
export function checkReadConditions(headers: Headers, object: StoredObject): boolean {
  const match = headers["if-match"];
  const since = Math.floor(object.modifiedAt / 1000) * 1000;
  if (match !== undefined) {
    if (!namesEtag(match, object.etag))
      throw refused("PreconditionFailed", undefined, { elements: { Condition: "If-Match" } });
  } else if (since > Date.parse(headers["if-unmodified-since"] ?? "")) {
    throw refused("PreconditionFailed", undefined, { elements: { Condition: "If-Unmodified-Since" } });
  }
  const noneMatch = headers["if-none-match"];
  if (noneMatch !== undefined) return !namesEtag(noneMatch, object.etag);
  return !(since <= Date.parse(headers["if-modified-since"] ?? ""));
}

function namesEtag(list: string, etag: string): boolean {
  return list.split(",").some((one) => one.trim() === "*" || bare(one) === bare(etag));
}

function bare(etag: string): string {
  return etag.trim().replace(/^"|"$/g, "");
}
