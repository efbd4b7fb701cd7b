import type { World } from "../world.ts";

/** Longest answer that is read, in characters. */
const longestAnswer = 4_194_304;

/**
 * Asks the shop's gateway. An answer that takes too long, is no JSON or has another status than 200 is an error: the task's
 * retries are there for that.
 */
export async function askGateway(
  world: Pick<World, "gatewayUrl" | "answerWithinMs">,
  path: string,
  query: Readonly<Record<string, string | number>>,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  const base = world.gatewayUrl();
  if (base === undefined) throw new Error("the gateway is not served: 'npm run serve' in another terminal serves it");
  const url = new URL(path, base);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
  const tooLate = AbortSignal.timeout(world.answerWithinMs);
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, tooLate]), redirect: "error" });
    const text = await response.text();
    if (!response.ok) throw new Error(`status ${response.status}`);
    if (text.length > longestAnswer) throw new Error(`an answer of ${text.length} characters`);
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const why = tooLate.aborted ? `no answer within ${world.answerWithinMs} ms` : reasonOf(error);
    throw new Error(`the gateway did not answer ${path}: ${why}`, { cause: error });
  }
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { code?: string } };
  return cause?.code ?? message ?? String(error);
}
