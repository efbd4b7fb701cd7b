/** Deep enough for any stack of parts, shallow enough for any call stack. */
const deepest = 32;

/**
 * The one JSON text of plain data: no blanks, fields in the order of their UTF-16 code units, `undefined` left out as
 * JSON.stringify does. `undefined` for what is nested too deeply.
 */
export function canonicalJson(value: unknown): string | undefined {
  try {
    return textOf(value, 0);
  } catch (error) {
    if (error === tooDeep) return undefined;
    throw error;
  }
}

const tooDeep = Symbol("too deep");

function textOf(value: unknown, depth: number): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (depth === deepest) throw tooDeep;
  if (Array.isArray(value)) return `[${value.map((item) => textOf(item, depth + 1)).join(",")}]`;
  let text = "";
  for (const field of Object.keys(value).sort()) {
    const item = (value as Record<string, unknown>)[field];
    if (item !== undefined) text += `${text && ","}${JSON.stringify(field)}:${textOf(item, depth + 1)}`;
  }
  return `{${text}}`;
}
