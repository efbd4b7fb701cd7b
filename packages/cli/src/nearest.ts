import { closest, distance } from "fastest-levenshtein";

/** The name that was probably meant, if one is near enough. */
export function nearest(given: string, names: readonly string[]): string | undefined {
  if (names.length === 0 || given.length > 200) return undefined;
  const name = closest(
    given.toLowerCase(),
    names.map((each) => each.toLowerCase()),
  );
  const found = names.find((each) => each.toLowerCase() === name);
  return found !== undefined && distance(given.toLowerCase(), name) <= Math.max(2, Math.floor(given.length / 3))
    ? found
    : undefined;
}
