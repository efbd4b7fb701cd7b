import { parse } from "csv-parse/sync";

/** The last price of a stock in one month. */
export interface TradingRecord {
  readonly symbol: string;
  readonly price: number;
  /** First day of the month, `2000-01-01`. */
  readonly timestamp: string;
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Monthly stock prices. @param csv - columns symbol, date (`Jan 1 2000`), price */
export function tradingRecords(csv: string): TradingRecord[] {
  const rows: Record<string, string>[] = parse(csv, { columns: true, skip_empty_lines: true });
  return rows.map(({ symbol, date, price }) => ({ symbol, price: Number(price), timestamp: isoDay(date) }));
}

function isoDay(date: string): string {
  const [name, day, year] = date.split(" ");
  const month = months.indexOf(name) + 1;
  if (month === 0 || !/^\d{1,2}$/.test(day) || !/^\d{4}$/.test(year))
    throw new Error(`'${date}' is no date like 'Jan 1 2000'`);
  return `${year}-${String(month).padStart(2, "0")}-${day.padStart(2, "0")}`;
}
