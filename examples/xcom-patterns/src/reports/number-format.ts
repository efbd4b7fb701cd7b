const percentFormat = new Map<number, Intl.NumberFormat>();
const wholeFormat = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** `0.5678` as `56.8%`. A minus is the typographic one. */
export function percent(share: number, digits = 1): string {
  let format = percentFormat.get(digits);
  if (!format) {
    format = new Intl.NumberFormat("en-US", {
      style: "percent",
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
    percentFormat.set(digits, format);
  }
  return format.format(share).replace("-", "−");
}

/** `25525` as `25,525`. */
export function whole(value: number): string {
  return wholeFormat.format(value).replace("-", "−");
}

/** A factor or ratio with two places. */
export function ratio(value: number): string {
  return value.toFixed(2).replace("-", "−");
}

export function money(value: number, currency: string): string {
  return new Intl.NumberFormat("en-US", { style: "currency", currency, maximumFractionDigits: 0 }).format(value);
}

/** Bytes as `3.9 MB` or `12 kB`; 1 MB is 1,048,576 bytes. */
export function bytes(count: number): string {
  if (count >= 1024 * 1024) return `${(count / 1024 / 1024).toFixed(1)} MB`;
  return count >= 1024 ? `${Math.round(count / 1024)} kB` : `${count} B`;
}

/** `market_data` as `Market data`. */
export function words(name: string): string {
  const text = name.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `^GSPC` as people call it. */
export function symbolName(symbol: string): string {
  return symbol === "^GSPC" ? "S&P 500" : symbol;
}
