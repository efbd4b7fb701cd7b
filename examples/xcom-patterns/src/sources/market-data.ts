import { parse } from "csv-parse/sync";

/** The prices of a day, each of which becomes a record of its own. */
export const priceFields = ["open", "high", "low", "close", "adjclose"] as const;
export type PriceField = (typeof priceFields)[number];

/** One price of one day. */
export interface MarketRecord {
  readonly symbol: string;
  readonly field: PriceField;
  readonly price: number;
  readonly volume: number;
  /** The day, `2000-01-03`. */
  readonly timestamp: string;
  readonly metadata: { readonly exchange: string; readonly sector: string };
}

export const indexSymbol = "^GSPC";

/**
 * The daily S&P 500 as records, one at a time: the data set is never held as a whole.
 *
 * @param csv - columns date, open, high, low, close, adjclose, volume
 */
export function* marketRecords(csv: string): Generator<MarketRecord, void, undefined> {
  const rows: Record<string, string>[] = parse(csv, { columns: true, skip_empty_lines: true });
  const metadata = { exchange: "NYSE", sector: "broad market index" };
  for (const row of rows) {
    for (const field of priceFields) {
      const price = Number(row[field]);
      yield { symbol: indexSymbol, field, price, volume: Number(row.volume), timestamp: row.date, metadata };
    }
  }
}
