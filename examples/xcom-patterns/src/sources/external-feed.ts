import { randomNormal } from "d3-random";
import type { Condition } from "../pipeline-params.ts";
import { seededRandom } from "./seeded-random.ts";

/** What the (synthetic) news and options feed says of a symbol at one moment. */
export interface FeedRecord {
  readonly symbol: string;
  readonly timestamp: string;
  /** From -1 (bad news) to 1 (good news). */
  readonly sentiment: number;
  /** Volatility a year that option prices imply: 0.2 = 20 %. */
  readonly implied_volatility: number;
  readonly provider: string;
}

export interface FeedRequest {
  readonly condition: Condition | "down";
  readonly size: "small" | "large";
  readonly seed: number;
  /** The feed looks back from this instant. */
  readonly asOfMs: number;
}

const symbols = ["AAPL", "AMZN", "GOOG", "IBM", "MSFT", "^GSPC"];
const providers = ["newswire", "optionwatch"];
const hourMs = 3_600_000;

/** Does not answer. */
export class FeedUnreachable extends Error {
  override readonly name = "FeedUnreachable";
}

/**
 * What the feed would answer over the network: NDJSON text, or `null` when there is nothing for that time.
 * The same request gives the same answer.
 *
 * @throws {@link FeedUnreachable} when the feed is down
 */
export async function fetchFeed(request: FeedRequest, signal: AbortSignal): Promise<string | null> {
  signal.throwIfAborted();
  if (request.condition === "down") throw new FeedUnreachable("the feed did not answer (connection refused)");
  if (request.condition === "missing") return null;
  const lines = [...feedRecords(request)].map((record) => JSON.stringify(record));
  if (request.condition === "corrupt") return lines.map((line, index) => damaged(line, index)).join("\n");
  return `${lines.join("\n")}\n`;
}

/** Records of the feed before anything went wrong with them. */
export function* feedRecords({ size, seed, asOfMs }: FeedRequest): Generator<FeedRecord, void, undefined> {
  const random = seededRandom(seed, "records of the feed");
  const mood = randomNormal.source(random)(0.05, 0.35);
  const fear = randomNormal.source(random)(0.24, 0.05);
  const count = size === "large" ? 12_000 : 240;
  for (let index = 0; index < count; index++) {
    yield {
      symbol: symbols[index % symbols.length],
      timestamp: new Date(asOfMs - (count - index) * hourMs).toISOString(),
      sentiment: round(Math.max(-1, Math.min(1, mood()))),
      implied_volatility: round(Math.max(0.05, fear())),
      provider: providers[Math.floor(random() * providers.length)],
    };
  }
}

/** Which condition and size a feed left to chance has. */
export function drawFeed(seed: number): { readonly condition: Condition; readonly size: "small" | "large" } {
  const random = seededRandom(seed, "state of the feed");
  const condition = (["good", "medium", "bad"] as const)[Math.floor(random() * 3)];
  return { condition, size: random() < 0.5 ? "small" : "large" };
}

/** Nine of ten lines lose their end. */
function damaged(line: string, index: number): string {
  return index % 10 === 0 ? line : line.slice(0, 20 + (index % 30));
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
