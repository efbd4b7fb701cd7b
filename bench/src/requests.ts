import { join } from "node:path";
import { createEngine, fileRequest, requestService } from "@millrace/core/engine";
import { sqlite } from "@millrace/store-sqlite";
import type { Figure } from "./figure.ts";
import { median } from "./measure.ts";
import type { Sizes } from "./sizes.ts";

/** From the filing of a request by a client of the file to the engine's answer in the client's hands; both are durable. */
export async function measureRequests(folder: string, { flowRounds }: Sizes): Promise<Figure> {
  const path = join(folder, "requests.db");
  const services = [requestService({ home: folder })];
  const engine = await createEngine({ dags: [], store: sqlite({ path }), services });
  await engine.start();
  const client = sqlite({ path });
  await client.open("client");
  const took: number[] = [];
  for (let round = 0; round < flowRounds.warm + flowRounds.counted; round++) {
    const began = performance.now();
    await fileRequest({ operation: "setPool", pool: "bench", slots: round }, { store: client, home: folder });
    if (round >= flowRounds.warm) took.push(performance.now() - began);
  }
  await client.close();
  await engine.close();
  return {
    id: "request",
    name: "a request of another connection answered by an idle engine",
    value: median(took),
    unit: "ms",
    target: { atMost: 20 },
    note: "filed, nudged, carried out and read back, with two transactions that survive a power cut",
  };
}
