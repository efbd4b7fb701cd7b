/** What stands in place of a value that is not to be shown. */
export const mask = "***";

const secretWord = /secret|passw|token|credential|private/i;
const keyWord = /(?:^|[_.-])keys?$/i;
const keyInCamelCase = /[a-z0-9]Keys?$/;
const passwordInUrl = /([a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:)[^\s@]+@/gi;

const longestText = 10_000;

/** True for names such as `password`, `apiKey`, `keys` or `secretAccessKey`. */
export function isSecretName(name: string): boolean {
  return secretWord.test(name) || keyWord.test(name) || keyInCamelCase.test(name);
}

/**
 * A copy of a value as it may be shown: what stands under secret names is masked, passwords in URLs too.
 * Objects that are no plain data (live plug-ins) become their name.
 */
export function masked(value: unknown, isSecret = false, depth = 0): unknown {
  if (value === undefined || value === null) return value;
  if (isSecret) return mask;
  // No address is as long; a search for passwords in it could take minutes.
  if (typeof value === "string" && value.length > longestText) return `a text of ${value.length} characters`;
  if (typeof value === "string") return value.replace(passwordInUrl, `$1${mask}@`);
  if (typeof value === "function") return "a function";
  if (typeof value !== "object") return value;
  if (depth > 8) return "…";
  if (Array.isArray(value)) return value.map((item) => masked(item, false, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return `a live object (${nameOf(value)})`;
  const name = liveName(value);
  if (name !== undefined) return `a live object (${name})`;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, masked(item, isSecretName(key), depth + 1)]),
  );
}

function nameOf(value: object): string {
  return liveName(value) ?? value.constructor?.name ?? "object";
}

/** The `name` of an object that has functions, as stores and XCom parts do. */
function liveName(value: object): string | undefined {
  if (!Object.values(value).some((item) => typeof item === "function")) return undefined;
  const { name } = value as { readonly name?: unknown };
  return typeof name === "string" ? name : "object";
}
