const wholeFormat = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** `25525` as `25,525`. */
export function whole(value: number): string {
  return wholeFormat.format(value);
}

/** Bytes as `16 MB`, `9.8 KB` or `90 B`; 1 KB is 1,024 bytes. */
export function bytes(count: number): string {
  for (const [unit, size] of [
    ["MB", 1_048_576],
    ["KB", 1_024],
  ] as const) {
    if (count < size) continue;
    const value = count / size;
    return `${value >= 100 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} ${unit}`;
  }
  return `${count} B`;
}

/** Milliseconds as `850 µs`, `4.2 ms` or `1.25 s`. */
export function duration(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1_000)} µs`;
  if (ms < 1_000) return `${digits(ms, ms < 10 ? 1 : 0)} ms`;
  return `${digits(ms / 1_000, 2)} s`;
}

/** A share as `12 %`, `0.4 %`, `0.03 %` or `1,350 %`. */
export function share(value: number): string {
  const percent = value * 100;
  return `${percent >= 1 ? whole(percent) : digits(percent, percent < 0.1 ? 2 : 1)} %`;
}

/** A whole number has none after the point. */
function digits(value: number, count: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(count);
}
