import { readFileSync } from "node:fs";
import { circuitBreaker } from "@millrace/resilience";
import { describe, expect, it } from "vitest";
import { QualityTally } from "../quality/quality-score.ts";
import { sourceRules } from "../quality/source-rules.ts";
import { compressXComData, decompressXComData, isCompressedRecord } from "../xcom/compression.ts";
import { degradeRecords } from "./degrade-records.ts";
import { drawFeed, type FeedRequest, fetchFeed } from "./external-feed.ts";
import { fetchWithRetries } from "./fetch-with-retries.ts";
import { marketRecords } from "./market-data.ts";
import { parseNdjson } from "./ndjson.ts";
import { vegaDataFile } from "./project-files.ts";
import { tradingRecords } from "./trading-data.ts";

const { signal } = new AbortController();
const request: FeedRequest = { condition: "good", size: "small", seed: 7, asOfMs: Date.UTC(2024, 0, 15) };

describe("market data", () => {
  it("gives five records a day with the fields that later tasks rely on", () => {
    const records = [...marketRecords(readFileSync(vegaDataFile("sp500-2000.csv"), "utf8"))];
    expect(records).toHaveLength(5 * 5_105);
    expect(records[3]).toEqual({
      symbol: "^GSPC",
      field: "close",
      price: 1_455.219971,
      volume: 931_800_000,
      timestamp: "2000-01-03",
      metadata: { exchange: "NYSE", sector: "broad market index" },
    });
    expect(Buffer.byteLength(JSON.stringify(records))).toBeGreaterThan(1024 * 1024);
  });
});

describe("trading data", () => {
  it("reads the months of all stocks and refuses what is no date", () => {
    const records = tradingRecords(readFileSync(vegaDataFile("stocks.csv"), "utf8"));
    expect(records).toHaveLength(560);
    expect(records[0]).toEqual({ symbol: "MSFT", price: 39.81, timestamp: "2000-01-01" });
    expect(() => tradingRecords("symbol,date,price\nX,Foo 1 2000,1")).toThrow("Foo 1 2000");
  });

  it("survives compression to the last digit, and damage is noticed", async () => {
    const records = tradingRecords(readFileSync(vegaDataFile("stocks.csv"), "utf8"));
    const packed = await compressXComData(records);
    expect(packed).toMatchObject({ compressed: true, original_size: Buffer.byteLength(JSON.stringify(records)) });
    expect(packed.compressed_size).toBe(Buffer.from(packed.data, "base64").length);
    expect(packed.compression_ratio).toBeCloseTo(packed.compressed_size / packed.original_size, 4);
    expect(packed.compression_ratio).toBeLessThan(0.2);
    expect(isCompressedRecord(packed)).toBe(true);
    expect(await decompressXComData(packed)).toEqual(records);
    await expect(decompressXComData({ ...packed, data: "AAAA" })).rejects.toThrow();
    await expect(decompressXComData({ ...packed, original_size: 10 })).rejects.toThrow();
    await expect(decompressXComData({ ...packed, original_size: packed.original_size + 1 })).rejects.toThrow(
      "instead of",
    );
  });
});

describe("the external feed", () => {
  it("is the same for the same request and differs by seed", async () => {
    expect(await fetchFeed(request, signal)).toBe(await fetchFeed(request, signal));
    expect(await fetchFeed(request, signal)).not.toBe(await fetchFeed({ ...request, seed: 8 }, signal));
    expect(await fetchFeed({ ...request, condition: "missing" }, signal)).toBeNull();
    await expect(fetchFeed({ ...request, condition: "down" }, signal)).rejects.toThrow("connection refused");
  });

  it("by chance is of every quality and both sizes", () => {
    const drawn = Array.from({ length: 60 }, (_, seed) => drawFeed(seed));
    expect(new Set(drawn.map(({ condition }) => condition))).toEqual(new Set(["good", "medium", "bad"]));
    expect(new Set(drawn.map(({ size }) => size))).toEqual(new Set(["small", "large"]));
  });

  it.each([
    ["good", 1, 1],
    ["medium", 0.5, 0.8],
    ["bad", 0, 0.5],
    ["corrupt", 0, 0.2],
  ] as const)("%s scores from %d to %d", async (condition, low, high) => {
    const delivered = parseNdjson((await fetchFeed({ ...request, condition }, signal)) ?? "") as {
      timestamp: string;
    }[];
    const tally = new QualityTally(sourceRules.external_feeds);
    for (const record of degradeRecords(delivered, condition, "implied_volatility" as never, 7)) tally.add(record);
    const { score, record_count } = tally.result();
    expect(record_count).toBe(240);
    expect(score).toBeGreaterThanOrEqual(low);
    expect(score).toBeLessThanOrEqual(high);
  });
});

describe("parseNdjson", () => {
  it("keeps what it cannot read", () => {
    expect(parseNdjson('{"a":1}\n\n{"a":\n[1]\nnull\n')).toEqual([
      { a: 1 },
      { unreadable_line: '{"a":' },
      { unreadable_line: "[1]" },
      { unreadable_line: "null" },
    ]);
  });
});

describe("fetchWithRetries", () => {
  const waits: number[] = [];
  const clock = { now: () => 0, sleep: async (ms: number) => void waits.push(ms) };
  const breaker = () => circuitBreaker({ name: "t", failure_threshold: 3, clock });

  it("asks again until it has an answer", async () => {
    let calls = 0;
    const flaky = async () => {
      if (++calls < 3) throw new Error("down");
      return "up";
    };
    expect(await fetchWithRetries(flaky, breaker(), clock, signal)).toEqual({
      status: "received",
      value: "up",
      attempts: 3,
    });
    expect(waits).toEqual([50, 100]);
  });

  it("stops as soon as the breaker is open, and asks nothing while it is", async () => {
    const shared = breaker();
    const down = () => Promise.reject(new Error("down"));
    expect(await fetchWithRetries(down, shared, clock, signal)).toMatchObject({
      status: "failed",
      attempts: 3,
      error: { code: "BREAKER_OPEN" },
    });
    expect(await fetchWithRetries(down, shared, clock, signal)).toMatchObject({ status: "failed", attempts: 0 });
  });

  it("gives up at once when it is cancelled", async () => {
    const controller = new AbortController();
    const cancelled = () => {
      controller.abort(new Error("cancelled"));
      return Promise.reject(new Error("echo"));
    };
    await expect(fetchWithRetries(cancelled, breaker(), clock, controller.signal)).rejects.toThrow("cancelled");
  });
});
