import type { PricePoint } from "../risk/price-series.ts";
import type { MarketRecord } from "../sources/market-data.ts";

/** Daily closes out of the records of the market data, as they stream by; records that cannot be used are left out. */
export async function closesOf(chunks: AsyncIterable<readonly unknown[]>): Promise<PricePoint[]> {
  const closes: PricePoint[] = [];
  for await (const chunk of chunks) {
    for (const record of chunk as readonly Partial<MarketRecord>[]) {
      const { field, price, timestamp } = record;
      if (field !== "close" || typeof timestamp !== "string" || typeof price !== "number" || !(price > 0)) continue;
      closes.push({ date: timestamp, price });
    }
  }
  return closes;
}
