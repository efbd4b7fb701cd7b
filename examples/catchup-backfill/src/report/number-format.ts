const wholeFormat = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** `25525` as `25,525`. */
export function whole(value: number): string {
  return wholeFormat.format(value);
}

/** Bytes as `3.9 MB` or `12 kB`; 1 MB is 1,048,576 bytes. */
export function bytes(count: number): string {
  if (count >= 1_048_576) return `${(count / 1_048_576).toFixed(1)} MB`;
  return `${Math.round(count / 1_024)} kB`;
}

/** An instant as `2026-06-15 02:00`, in UTC. */
export function instant(at: number): string {
  return new Date(at).toISOString().slice(0, 16).replace("T", " ");
}

/** A number of things, with its word: `1 run`, `2 runs`. */
export function count(n: number, word: string, words = `${word}s`): string {
  return `${whole(n)} ${n === 1 ? word : words}`;
}

/** A length of time as `3 d`, `2 h 5 min` or `40 s`. */
export function span(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (ms < 60_000) return `${Math.round(ms / 1_000)} s`;
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 2_880)
    return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.round(minutes / 1_440)} d`;
}
