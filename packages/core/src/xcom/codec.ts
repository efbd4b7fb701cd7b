import { coreError, isMillraceError } from "../errors.ts";
import { Temporal } from "../time/temporal.ts";

/**
 * Values to text and back. Plain JSON values become plain JSON. `Date`, `bigint`, `Map`, `Set`, `Uint8Array`, `Temporal`
 * values, `NaN`, the infinities and `-0` become an object with the one key {@link tag}, whose value is `[type, content]`.
 * A plain object that has this key itself is tagged too, so nothing is guessed when reading.
 */
const tag = "$millrace";
const deepest = 1_000;

const temporalTypes = [
  "Instant",
  "ZonedDateTime",
  "PlainDate",
  "PlainTime",
  "PlainDateTime",
  "PlainYearMonth",
  "PlainMonthDay",
  "Duration",
] as const;

/**
 * The text of a value.
 *
 * @throws `XCOM_UNSUPPORTED` with the path of the first thing that would not come back as it was; `XCOM_TOO_DEEP`
 */
export function encodeValue(value: unknown): string {
  switch (typeof value) {
    case "boolean":
      return value ? "true" : "false";
    case "number":
      if (Number.isFinite(value) && !Object.is(value, -0)) return String(value);
  }
  if (value === null) return "null";
  const path: Path = [];
  try {
    if (typeof value === "string") return JSON.stringify(value);
    return JSON.stringify(encode(value, path, new Set())) as string;
  } catch (error) {
    if (isMillraceError(error)) throw error;
    if (error instanceof RangeError && error.message === "Invalid string length")
      throw unsupported(path, "longer than a text can be");
    // Proxies and the like run code of their own when they are read.
    throw unsupported(path, "something that throws when it is read");
  }
}

/**
 * The value of a text that {@link encodeValue} made.
 *
 * @throws a plain error that says what is wrong with the text; callers make `XCOM_CORRUPT` of it
 */
export function decodeValue(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return text.includes(`"${tag}"`) ? revive(value, 0) : value;
}

type Path = (string | number)[];
type Tagger = (value: object, path: Path, above: Set<object>) => unknown;

/** How instances of a class become tagged values, by the prototype of the class. */
const taggers = new Map<unknown, Tagger>([
  [Date.prototype, (value) => tagged("Date", dateText(value as Date))],
  [
    Map.prototype,
    (value, path, above) => tagged("Map", encodeArray([...(value as Map<unknown, unknown>)].flat(), path, above)),
  ],
  [Set.prototype, (value, path, above) => tagged("Set", encodeArray([...(value as Set<unknown>)], path, above))],
  ...temporalTypes.map((type): [unknown, Tagger] => [
    Temporal[type].prototype,
    (value) => tagged(`Temporal.${type}`, String(value)),
  ]),
]);

function dateText(date: Date): string | null {
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

/** Gives the value itself where nothing in it needs a tag, so that plain data is not copied. */
function encode(value: unknown, path: Path, above: Set<object>): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (Number.isNaN(value)) return tagged("number", "NaN");
      if (!Number.isFinite(value)) return tagged("number", value > 0 ? "Infinity" : "-Infinity");
      return Object.is(value, -0) ? tagged("number", "-0") : value;
    case "bigint":
      return tagged("bigint", value.toString());
    case "object":
      return value === null ? null : encodeObject(value, path, above);
    default:
      throw unsupported(
        path,
        value === undefined ? "undefined" : typeof value === "symbol" ? "a symbol" : "a function",
      );
  }
}

function encodeObject(value: object, path: Path, above: Set<object>): unknown {
  if (above.has(value)) throw unsupported(path, "part of a cycle");
  if (path.length >= deepest) throw coreError("XCOM_TOO_DEEP", { limit: deepest, path: pathText(path.slice(0, 5)) });
  above.add(value);
  const encoded = Array.isArray(value) ? encodeArray(value, path, above) : encodeOther(value, path, above);
  above.delete(value);
  return encoded;
}

function encodeArray(value: readonly unknown[], path: Path, above: Set<object>): unknown {
  if (Object.getPrototypeOf(value) !== Array.prototype)
    throw unsupported(path, "an instance of a class derived from Array");
  let copy: unknown[] | undefined;
  for (let index = 0; index < value.length; index++) {
    if (!(index in value)) throw unsupported([...path, index], "a hole in a list");
    path.push(index);
    const item = value[index];
    const encoded = encode(item, path, above);
    path.pop();
    if (copy) copy.push(encoded);
    else if (encoded !== item) copy = [...value.slice(0, index), encoded];
  }
  // Further own properties of an array would be lost; `length` is one that every array has.
  if (Object.getOwnPropertyNames(value).length !== value.length + 1 || Object.getOwnPropertySymbols(value).length > 0)
    throw unsupported(path, "a list with properties of its own");
  return copy ?? value;
}

function encodeOther(value: object, path: Path, above: Set<object>): unknown {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null)
    return encodeRecord(value as Record<string, unknown>, path, above);
  // Only these very classes: an instance of a class derived from one of them would come back as another thing.
  if (prototype === Uint8Array.prototype) {
    const { buffer, byteOffset, byteLength } = value as Uint8Array;
    return tagged("Uint8Array", Buffer.from(buffer, byteOffset, byteLength).toString("base64"));
  }
  const tagOf = taggers.get(prototype);
  if (!tagOf)
    throw unsupported(
      path,
      `an instance of ${(value as { constructor?: { name?: string } }).constructor?.name || "a class"}`,
    );
  if (Reflect.ownKeys(value).length > 0) throw unsupported(path, "an object with properties of its own");
  return tagOf(value, path, above);
}

function encodeRecord(value: Record<string, unknown>, path: Path, above: Set<object>): unknown {
  if (Object.getOwnPropertySymbols(value).length > 0) throw unsupported(path, "an object with symbols for keys");
  const keys = Object.keys(value);
  if (Object.getOwnPropertyNames(value).length !== keys.length)
    throw unsupported(path, "an object with properties that are not enumerable");
  let copy: Record<string, unknown> | undefined;
  for (const key of keys) {
    path.push(key);
    const property = Object.getOwnPropertyDescriptor(value, key) as PropertyDescriptor;
    // What it gives may change until it is written.
    if (property.get || property.set) throw unsupported(path, "a getter or setter");
    const item: unknown = property.value;
    const encoded = encode(item, path, above);
    path.pop();
    if (encoded === item && copy === undefined) continue;
    copy ??= { ...value };
    setOwn(copy, key, encoded);
  }
  const plain = copy ?? value;
  return Object.hasOwn(value, tag) ? tagged("object", plain) : plain;
}

function tagged(type: string, content: unknown): Record<string, unknown> {
  return { [tag]: [type, content] };
}

/** Sets a key as an own property, `__proto__` too. */
function setOwn(target: object, key: string, value: unknown): void {
  if (key === "__proto__")
    Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
  else (target as Record<string, unknown>)[key] = value;
}

function revive(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth > deepest * 2 + 10) throw new Error("it is nested too deeply");
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) value[index] = revive(value[index], depth + 1);
    return value;
  }
  if (Object.hasOwn(value, tag)) return reviveTagged((value as Record<string, unknown>)[tag], depth);
  for (const key of Object.keys(value)) {
    const before = (value as Record<string, unknown>)[key];
    const after = revive(before, depth + 1);
    if (after !== before) setOwn(value, key, after);
  }
  return value;
}

function reviveTagged(content: unknown, depth: number): unknown {
  if (!Array.isArray(content) || content.length !== 2 || typeof content[0] !== "string")
    throw new Error("it holds a tag that is not [type, content]");
  const [type, inner] = content as [string, unknown];
  if (type === "object" && typeof inner === "object" && inner !== null && !Array.isArray(inner)) {
    for (const key of Object.keys(inner))
      setOwn(inner, key, revive((inner as Record<string, unknown>)[key], depth + 1));
    return inner;
  }
  if (type === "Date" && (typeof inner === "string" || inner === null)) {
    const date = new Date(inner ?? Number.NaN);
    if (inner === null || date.toISOString() === inner) return date;
  }
  if (type === "Map" && Array.isArray(inner) && inner.length % 2 === 0) {
    const map = new Map<unknown, unknown>();
    for (let index = 0; index < inner.length; index += 2)
      map.set(revive(inner[index], depth + 1), revive(inner[index + 1], depth + 1));
    return map;
  }
  if (type === "Set" && Array.isArray(inner)) return new Set(inner.map((item) => revive(item, depth + 1)));
  if (typeof inner === "string") {
    if (type === "bigint" && /^-?\d+$/.test(inner)) return BigInt(inner);
    if (type === "number" && ["NaN", "Infinity", "-Infinity", "-0"].includes(inner)) return Number(inner);
    if (type === "Uint8Array") {
      const bytes = Buffer.from(inner, "base64");
      if (bytes.toString("base64") === inner) return new Uint8Array(bytes);
    }
    for (const known of temporalTypes) if (type === `Temporal.${known}`) return Temporal[known].from(inner);
  }
  throw new Error(`it holds a tag of unknown or wrong type`);
}

function unsupported(path: Path, what: string): Error {
  return coreError("XCOM_UNSUPPORTED", { path: pathText(path), what });
}

function pathText(path: Path): string {
  const text = path
    .map((step) =>
      typeof step === "number" ? `[${step}]` : /^[A-Za-z_]\w*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`,
    )
    .join("");
  return `$${text.length > 200 ? `${text.slice(0, 200)}…` : text}`;
}
