import { xcomPlaceSuite } from "@millrace/testing/suites";
import { s3 } from "../src/index.ts";
import { memoryPort } from "./memory-port.ts";
import { wireStore } from "./wire-store.ts";

xcomPlaceSuite("s3 over the wire, with checksums", async () => {
  const store = await wireStore();
  const place = s3({ ...store.options, checksums: "supported" });
  return {
    place,
    damage: store.damage,
    count: async () => (await store.keys()).length,
    outside: async () => (await store.keys()).filter((key) => !key.startsWith(`${store.options.prefix}/v1/dag=`)),
    async cleanup() {
      await place.close?.();
      await store.close();
    },
  };
});

xcomPlaceSuite("s3 on a client of one's own", () => {
  const client = memoryPort(Date.now);
  return {
    place: s3({ bucket: "values", prefix: "p", client }),
    damage(how, envelope) {
      const name = `values/p/${String(envelope.path)}`;
      const object = client.objects.get(name);
      if (how === "lose" || !object) client.objects.delete(name);
      else if (how === "truncate") object.bytes = object.bytes.slice(0, -1);
      else object.bytes[5] = (object.bytes[5] as number) ^ 1;
    },
    count: () => client.objects.size,
    outside: () => [...client.objects.keys()].filter((name) => !name.startsWith("values/p/v1/dag=")),
  };
});
