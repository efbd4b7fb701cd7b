import type { Store } from "../store/contract.ts";
import type { XComBackendPart } from "../xcom/parts.ts";

const packageName = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*(?:\/[A-Za-z0-9._~-]+)*$/;
const localPath = /^\.{1,2}\/[^\0]+$/;

/** True for text that may name a plug-in: a package, or a local module by its relative path. */
export function isPluginName(value: unknown): value is string {
  return typeof value === "string" && value.length <= 300 && (packageName.test(value) || localPath.test(value));
}

/** True for an object that offers what a store does. */
export function isStore(value: unknown): value is Store {
  return isObject(value) && typeof value.open === "function" && typeof value.commit === "function";
}

/** True for an object that offers what an XCom stage or place does. */
export function isXComPart(value: unknown): value is XComBackendPart {
  if (!isObject(value) || typeof value.marker !== "string") return false;
  return value.kind === "stage"
    ? typeof value.write === "function"
    : value.kind === "place" && typeof value.put === "function";
}

/** True for anything with properties. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
