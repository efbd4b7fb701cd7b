import { expect, test } from "vitest";
import { collectorService } from "../../src/engine/collector-service.ts";
import { dag } from "../../src/index.ts";
import type { XComPlace } from "../../src/xcom/parts.ts";
import { ManualClock } from "../manual-clock.ts";
import { openEngine } from "../test-engine.ts";
import { listingPlace } from "../xcom/listing-place.ts";

const hourMs = 3_600_000;
const twice = dag("twice", {}, (d) => {
  d.task("push", { retries: { max: 1, delay: "1s", backoff: "fixed" } }, async ({ attempt, xcom }) => {
    await xcom.push("rows", [attempt]);
    if (attempt === 1) throw new Error("once more");
  });
});

test("what a retry has replaced is collected a day later, and what is recorded can be read all the time", async () => {
  const clock = new ManualClock();
  const { place, kept } = listingPlace(() => clock.now());
  const services = [collectorService({ every: "2h", olderThan: "24h" })];
  await using opened = await openEngine({ dags: [twice], clock, xcom: { backend: [place] }, services });
  await clock.drive(opened.engine.start());
  const { runId } = await opened.run(twice);
  const before = kept.size;
  for (let hours = 0; hours <= 28; hours += 2) {
    await clock.advance(2 * hourMs);
    await clock.settle();
    expect(await opened.engine.xcom("twice", runId, "push", { key: "rows" })).toEqual([2]);
  }
  expect(kept.size).toBeLessThan(before);
  expect([...kept.values()].map(({ address }) => address?.key)).toContain("rows");
});

test("a place that fails is reported once until it works again, and looked at every hour", async () => {
  const clock = new ManualClock();
  const listing = listingPlace(() => clock.now());
  let looks = 0;
  let isBroken = true;
  const place: XComPlace = {
    ...listing.place,
    list: (...given) => {
      looks++;
      if (isBroken) throw new Error("no route to host");
      return listing.place.list?.(...given) as AsyncIterable<never>;
    },
  };
  await using opened = await openEngine({
    dags: [twice],
    clock,
    xcom: { backend: [place] },
    services: [collectorService()],
  });
  await clock.drive(opened.engine.start());
  const failures = () => opened.events.filter(({ kind }) => kind === "service.failed");
  const hour = async () => {
    await clock.advance(hourMs);
    await clock.settle();
  };
  await clock.settle();
  await hour();
  await hour();
  expect([looks, failures().length]).toEqual([3, 1]);
  isBroken = false;
  await hour();
  isBroken = true;
  await hour();
  expect([looks, failures().length]).toEqual([5, 2]);
  expect(failures()[0]?.data).toEqual({
    service: "xcom collector",
    message: "What the XCom place 'listed' keeps could not be collected: no route to host",
  });
});

test("a place that hangs does not keep the engine from closing", async () => {
  const clock = new ManualClock();
  const { place } = listingPlace(() => clock.now());
  const hangs: XComPlace = {
    ...place,
    async *list(_scope, call) {
      await new Promise((_, reject) => call?.signal?.addEventListener("abort", () => reject(call.signal?.reason)));
      yield* [];
    },
  };
  const opened = await openEngine({ dags: [], clock, xcom: { backend: [hangs] }, services: [collectorService()] });
  await clock.drive(opened.engine.start());
  const before = clock.now();
  await clock.drive(opened.engine.close());
  expect(clock.now() - before).toBeLessThan(1_000);
});
