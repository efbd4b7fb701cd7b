import { afterEach, expect, test } from "vitest";
import { s3 } from "../src/index.ts";
import { codeOf } from "./memory-port.ts";
import { addressOf, isRealServer, type WireStore, wireStore } from "./wire-store.ts";

const address = addressOf("rows");
const bytes = Buffer.alloc(12 * 1_048_576, "rows ");
const onOwnServer = test.skipIf(isRealServer);
let store: WireStore;
afterEach(async () => {
  delete process.env.AWS_ENDPOINT_URL_S3;
  await store.close();
});

onOwnServer(
  "a bucket in another region is found there, and asked there from then on, by many requests at a time",
  async () => {
    store = await wireStore({ region: "us-east-1", bucketRegion: "eu-central-1" });
    const place = s3(store.options);
    const puts = await Promise.all([1, 2, 3].map((n) => place.put(bytes, addressOf(`k${n}`), undefined)));
    for (const [n, envelope] of puts.entries())
      expect(Buffer.compare(await place.get(envelope ?? {}, addressOf(`k${n + 1}`)), bytes)).toBe(0);
    const before = store.server.requests.length;
    await place.put(Buffer.alloc(5_000), address, undefined);
    expect(store.server.requests.length - before).toBe(1);
    expect(await place.open?.()).toEqual([]);
  },
);

onOwnServer(
  "an endpoint without encryption is refused also where only the SDK knows of it, before anything is sent",
  async () => {
    store = await wireStore();
    process.env.AWS_ENDPOINT_URL_S3 = "http://192.0.2.1:9";
    const { bucket, region } = store.options;
    expect(await codeOf(Promise.resolve(s3({ bucket, region }).open?.()))).toBe("XCOM_S3_INSECURE");
    process.env.AWS_ENDPOINT_URL_S3 = store.options.endpoint;
    expect(await s3({ bucket, region, forcePathStyle: true }).open?.()).toEqual([]);
  },
);

onOwnServer("no region at all is told as the option that is missing", async () => {
  store = await wireStore();
  const region = process.env.AWS_REGION;
  delete process.env.AWS_REGION;
  expect(await codeOf(Promise.resolve(s3({ bucket: store.options.bucket }).open?.()))).toBe("XCOM_S3_OPTION_INVALID");
  if (region !== undefined) process.env.AWS_REGION = region;
});
