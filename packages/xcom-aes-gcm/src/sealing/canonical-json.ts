/** Deep enough for any stack of parts, shallow enough for any call stack. */
const deepest = 32;

/**
 * The one JSON text of plain data: no blanks, fields in the order of their UTF-16 code units, `undefined` left out as
 * JSON.stringify does. `undefined` for what is nested too deeply or takes more than so many characters: it is given up on
 * early, whatever its size.
 */
export function canonicalJson(value: unknown, most: number): string | undefined {
  let left = most;

  /** Adds nothing, but fails once there is too much. */
  const counted = (text: string): string => {
    left -= text.length;
    if (left < 0) throw tooMuch;
    return text;
  };

  const textOf = (item: unknown, depth: number): string => {
    if (typeof item === "string" && item.length > left) throw tooMuch;
    if (typeof item !== "object" || item === null) return counted(JSON.stringify(item) ?? "null");
    const count = Array.isArray(item) ? item.length : Object.keys(item).length;
    if (depth === deepest || count > left) throw tooMuch;
    left -= 2 + 2 * count;
    if (Array.isArray(item)) return `[${item.map((each) => textOf(each, depth + 1)).join(",")}]`;
    const record = item as Record<string, unknown>;
    let text = "";
    for (const field of Object.keys(record).sort()) {
      if (record[field] === undefined) continue;
      text += `${text && ","}${counted(JSON.stringify(field))}:${textOf(record[field], depth + 1)}`;
    }
    return `{${text}}`;
  };

  try {
    return textOf(value, 0);
  } catch (error) {
    if (error === tooMuch) return undefined;
    throw error;
  }
}

const tooMuch = Symbol("too much");
