import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { PlacedXCom, XComAddress, XComEnvelope, XComPlace, XComScope } from "@millrace/core/plugin";
import { manualClock } from "@millrace/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type S3Options, s3 } from "../src/index.ts";
import { codeOf, memoryPort, sdkError } from "./memory-port.ts";
import { addressOf, isRealServer, type WireStore, wireStore } from "./wire-store.ts";

const address = addressOf("rows");
const bytes = Buffer.alloc(2_000, "rows ");
const onOwnServer = test.skipIf(isRealServer);

let store: WireStore;
beforeEach(async () => {
  store = await wireStore();
});
afterEach(() => store.close());

const placeWith = (options: Partial<S3Options> = {}) => s3({ ...store.options, ...options });
const put = async (place: XComPlace, at: XComAddress = address) =>
  (await place.put(bytes, at, undefined)) as XComEnvelope;
const listed = (place: XComPlace, scope?: XComScope): Promise<PlacedXCom[]> =>
  Array.fromAsync(place.list?.(scope) ?? []);

describe("an upload whose process was killed", () => {
  test("is in the list as partial, is no value, and goes when it is removed", { timeout: 60_000 }, async () => {
    const child = spawn(
      process.execPath,
      [
        "--conditions=millrace-source",
        fileURLToPath(new URL("upload-until-killed.ts", import.meta.url)),
        JSON.stringify(store.options),
        "sales",
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    const place = placeWith();
    const whole = await put(place, addressOf("others"));
    expect(await store.uploads()).toHaveLength(1);
    const all = await listed(place);
    const partial = all.filter(({ isPartial }) => isPartial);
    expect(partial).toEqual([
      expect.objectContaining({
        address: { dagId: "sales", runId: "r1", taskId: "extract", mapIndex: -1, key: "rows" },
      }),
    ]);
    expect(partial[0]?.createdAt).toBeGreaterThan(Date.now() - 120_000);
    expect(all.filter(({ isPartial }) => !isPartial).map(({ ref }) => ref)).toEqual([place.refOf(whole)]);
    await place.remove(partial.map(({ ref }) => ref));
    await place.remove(partial.map(({ ref }) => ref));
    expect(await store.uploads()).toEqual([]);
    expect((await listed(place)).length).toBe(1);
  });
});

describe("two attempts at one value", () => {
  test("keep apart: the one that counts stays when the other is collected", async () => {
    const places = [placeWith(), placeWith()];
    const envelopes = await Promise.all(places.map((place) => put(place)));
    const [winner, loser] = envelopes as [XComEnvelope, XComEnvelope];
    const place = placeWith();
    const refs = envelopes.map((envelope) => place.refOf(envelope));
    expect(new Set(refs).size).toBe(2);
    expect((await listed(place)).map(({ ref }) => ref).sort()).toEqual([...refs].sort());
    await place.remove([place.refOf(loser)]);
    expect(Buffer.from(await place.get(winner, address))).toEqual(bytes);
    expect(await codeOf(place.get(loser, address))).toBe("XCOM_S3_MISSING");
  });

  onOwnServer("never replace each other, even if they drew the same name", async () => {
    const same = { clock: manualClock(), randomness: { hex: (count: number) => "ab".repeat(count) } };
    const outcomes = await Promise.allSettled([1, 2].map(() => put(placeWith(same))));
    const codes = outcomes.map((outcome) =>
      outcome.status === "fulfilled" ? "written" : (outcome.reason as { code?: string }).code,
    );
    expect(codes.sort()).toEqual(["XCOM_S3_NAME_TAKEN", "written"]);
  });
});

describe("many objects", () => {
  test("10,000 are listed by pages and removed in tens of requests", { timeout: 120_000 }, async () => {
    const place = placeWith();
    const client = memoryPort(Date.now);
    const crowd = s3({ bucket: "values", client });
    for (let n = 0; n < 10_000; n++) await put(crowd, { ...addressOf(`k${n}`, `r${n % 7}`), mapIndex: n });
    const all = await listed(crowd);
    expect(all.length).toBe(10_000);
    const runs = all.map(({ address: at }) => at?.runId);
    expect(runs.filter((runId, n) => runId !== runs[n - 1]).length).toBe(7);
    expect((await listed(crowd, { dagId: "sales", runId: "r3" })).length).toBe(Math.ceil(10_000 / 7));
    client.requests.length = 0;
    await crowd.remove(all.map(({ ref }) => ref));
    expect(client.objects.size).toBe(0);
    expect(client.requests.length).toBe(10);
    await place.close?.();
  });

  test("more than a page of them over the wire", { timeout: 120_000 }, async () => {
    const place = placeWith();
    const refs: string[] = [];
    for (let n = 0; n < 1_100; n += 50)
      refs.push(
        ...(await Promise.all(Array.from({ length: 50 }, (_, i) => put(place, addressOf(`k${n + i}`))))).map(
          place.refOf,
        ),
      );
    expect((await listed(place)).map(({ ref }) => ref).sort()).toEqual(refs.sort());
    await place.remove(refs);
    expect(await store.keys()).toEqual([]);
  });

  onOwnServer("those that the store leaves for the moment are asked for again", async () => {
    const place = placeWith();
    const refs = (await Promise.all([1, 2, 3, 4].map((n) => put(place, addressOf(`k${n}`))))).map(place.refOf);
    store.server.faults = [
      {
        on: "DeleteObjects",
        at: [1, 2],
        fault: { kind: "refuse deletes", codeOf: (key) => (/k[12]\//.test(key) ? "SlowDown" : undefined) },
      },
    ];
    await place.remove(refs);
    expect(await store.keys()).toEqual([]);
    expect(store.server.requests.filter(({ operation }) => operation === "DeleteObjects").length).toBe(3);
  });

  onOwnServer("those that it refuses are counted and told, and the others are gone", async () => {
    const place = placeWith();
    const refs = (await Promise.all([1, 2, 3, 4].map((n) => put(place, addressOf(`k${n}`))))).map(place.refOf);
    store.server.faults = [
      {
        on: "DeleteObjects",
        fault: { kind: "refuse deletes", codeOf: (key) => (/k2\//.test(key) ? "AccessDenied" : undefined) },
      },
    ];
    await expect(place.remove(refs)).rejects.toMatchObject({
      code: "XCOM_S3_REMOVE_FAILED",
      values: { count: 1, total: 4, why: "AccessDenied" },
    });
    expect((await store.keys()).length).toBe(1);
  });
});

describe("what is listed and removed", () => {
  test("is only what this place could have written", async () => {
    const place = placeWith();
    const neighbour = placeWith({ prefix: `${store.options.prefix}-neighbour` });
    const [own, foreign] = [await put(place), await put(neighbour)];
    expect((await listed(place)).map(({ ref }) => ref)).toEqual([place.refOf(own)]);
    for (const ref of [
      neighbour.refOf(foreign),
      "",
      "s3://",
      `s3://${store.options.bucket}/${store.options.prefix}/v1/other`,
      `s3://${store.options.bucket}/${store.options.prefix}/v1/../v1/x`,
      place.refOf(own).replace(store.options.bucket, "another-bucket"),
      `${place.refOf(own)}?upload=%zz`,
      `${place.refOf(own)}&x`,
      7 as never,
    ])
      expect([ref, await codeOf(Promise.resolve().then(() => place.remove([place.refOf(own), ref])))]).toEqual([
        ref,
        "XCOM_S3_REF_INVALID",
      ]);
    expect(Buffer.from(await place.get(own, address))).toEqual(bytes);
    expect(Buffer.from(await neighbour.get(foreign, address))).toEqual(bytes);
    await neighbour.remove([neighbour.refOf(foreign)]);
  });

  test("ids that are too long for a key are told all the same", async () => {
    const place = placeWith();
    const at = {
      dagId: "d".repeat(201),
      runId: "r:".repeat(125),
      taskId: `${"g".repeat(200)}.${"t".repeat(200)}`,
      mapIndex: 3,
      key: "ключ".repeat(60),
    };
    const envelope = await put(place, at);
    expect(await listed(place)).toEqual([expect.objectContaining({ ref: place.refOf(envelope), address: at })]);
    expect(await listed(place, { dagId: at.dagId, runId: at.runId, taskId: at.taskId })).toHaveLength(1);
    expect(Buffer.from(await place.get(envelope, at))).toEqual(bytes);
  });

  test("values of an earlier prefix are read and removed, but not listed", async () => {
    const before = placeWith();
    const envelope = await put(before);
    const prefix = `${store.options.prefix}-new`;
    const { bucket } = store.options;
    expect(await codeOf(placeWith({ prefix }).get(envelope, address))).toBe("XCOM_S3_ELSEWHERE");
    const now = placeWith({ prefix, alsoRead: [{ bucket, prefix: store.options.prefix }] });
    expect(Buffer.from(await now.get(envelope, address))).toEqual(bytes);
    expect(await listed(now)).toEqual([]);
    await now.remove([now.refOf(envelope)]);
    expect(await codeOf(now.get(envelope, address))).toBe("XCOM_S3_MISSING");
  });

  test("a store that cannot list its uploads is listed without them, and one that refuses to list says so", async () => {
    const client = memoryPort(Date.now);
    const place = s3({ bucket: "values", client });
    await put(place);
    client.fault = ({ operation }) =>
      operation === "listUploads" ? { before: sdkError("NotImplemented", 501) } : undefined;
    expect((await listed(place)).length).toBe(1);
    client.fault = ({ operation }) =>
      operation === "listUploads" ? { before: sdkError("AccessDenied", 403) } : undefined;
    expect(await codeOf(listed(place))).toBe("XCOM_S3_DENIED");
  });
});
