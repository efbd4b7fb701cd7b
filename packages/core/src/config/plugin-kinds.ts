import type { EngineService } from "../engine/service.ts";
import type { SecretProvider } from "../secrets/provider.ts";
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

/** True for an object that offers what an XCom stage, place or chooser does. */
export function isXComPart(value: unknown): value is XComBackendPart {
  if (!isObject(value) || typeof value.marker !== "string") return false;
  switch (value.kind) {
    case "stage":
      return typeof value.write === "function";
    case "place":
      return typeof value.put === "function";
    default:
      return value.kind === "chooser" && typeof value.choose === "function" && Array.isArray(value.parts);
  }
}

/** True for an object that offers what a service of an engine does. */
export function isEngineService(value: unknown): value is EngineService {
  if (!isObject(value) || typeof value.name !== "string") return false;
  return typeof value.start === "function" && typeof value.stop === "function";
}

/** True for an object that offers what a provider of secrets does. */
export function isSecretProvider(value: unknown): value is SecretProvider {
  return isObject(value) && typeof value.get === "function" && typeof value.name === "string";
}

/** True for anything with properties. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
