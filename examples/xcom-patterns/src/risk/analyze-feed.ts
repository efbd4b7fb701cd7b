import { mean, median } from "simple-statistics";
import type { FeedRecord } from "../sources/external-feed.ts";
import type { Strategy } from "./analyze-market.ts";

export interface FeedSignal {
  readonly symbol: string;
  readonly record_count: number;
  readonly mean_sentiment: number;
  readonly median_implied_volatility: number;
}

export interface FeedRisk {
  readonly strategy: Strategy;
  readonly record_count: number;
  readonly mean_sentiment: number;
  readonly median_implied_volatility: number;
  /** By symbol, in a full analysis. */
  readonly signals?: readonly FeedSignal[];
}

/** What options and news say, from the records that can be used. @throws without any */
export function analyzeFeed(records: readonly Partial<FeedRecord>[], strategy: Strategy): FeedRisk {
  const usable = records.filter(
    (record): record is FeedRecord =>
      typeof record.symbol === "string" &&
      typeof record.timestamp === "string" &&
      typeof record.sentiment === "number" &&
      typeof record.implied_volatility === "number" &&
      record.implied_volatility > 0,
  );
  if (usable.length === 0) throw new Error("no record of the feed can be used");
  const base = { strategy, ...signalOf(usable) };
  if (strategy === "basic") return base;
  const symbols = [...new Set(usable.map(({ symbol }) => symbol))].sort();
  return {
    ...base,
    signals: symbols.map((symbol) => ({ symbol, ...signalOf(usable.filter((record) => record.symbol === symbol)) })),
  };
}

function signalOf(records: readonly FeedRecord[]) {
  return {
    record_count: records.length,
    mean_sentiment: mean(records.map(({ sentiment }) => sentiment)),
    median_implied_volatility: median(records.map(({ implied_volatility }) => implied_volatility)),
  };
}
