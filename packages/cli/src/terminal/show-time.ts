/** How long ago or ahead something is, for people: `3 min ago`. */
export function ago(at: number, now: number): string {
  const seconds = Math.round((now - at) / 1000);
  const past = Math.abs(seconds);
  const [amount, unit] =
    past < 60
      ? [past, "s"]
      : past < 3_600
        ? [Math.round(past / 60), "min"]
        : past < 172_800
          ? [Math.round(past / 3_600), "h"]
          : [Math.round(past / 86_400), "d"];
  return seconds < 0 ? `in ${amount} ${unit}` : `${amount} ${unit} ago`;
}

/** `2026-11-21 11:04:03` in UTC; milliseconds only where asked for. */
export function instantText(at: number, withMs = false): string {
  return new Date(at)
    .toISOString()
    .slice(0, withMs ? 23 : 19)
    .replace("T", " ");
}
