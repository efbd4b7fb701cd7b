/** A line that is no JSON object, kept so that somebody can look at it. */
export interface UnreadableLine {
  readonly unreadable_line: string;
}

/** Lines of NDJSON as records. Nothing is dropped: what cannot be read stands in its place, cut to 200 characters. */
export function parseNdjson(text: string): (object | UnreadableLine)[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => parseLine(line) ?? { unreadable_line: line.slice(0, 200).toWellFormed() });
}

function parseLine(line: string): object | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
