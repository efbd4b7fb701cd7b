import { ListObjectsV2Command, paginateListObjectsV2 } from "@aws-sdk/client-s3";
import fc from "fast-check";
import { expect, test } from "vitest";
import { planPage } from "../../src/s3/listing.ts";
import { refusalOf, startWithClient } from "./sdk-client.ts";

type Client = Awaited<ReturnType<typeof startWithClient>>;

function putAll({ server }: Client, keys: readonly string[]): void {
  for (const key of keys.toReversed()) server.objects.put(key, new Uint8Array());
}

test("10,000 objects come in ten pages, each once and in order", async () => {
  await using s3 = await startWithClient();
  const keys = Array.from({ length: 10_000 }, (_, index) => `p/${`${index}`.padStart(5, "0")}`);
  putAll(s3, keys);
  const found: (string | undefined)[] = [];
  let pages = 0;
  for await (const page of paginateListObjectsV2({ client: s3.client }, { Bucket: s3.Bucket, Prefix: "p/" })) {
    pages++;
    found.push(...(page.Contents ?? []).map(({ Key }) => Key));
  }
  expect(pages).toBe(10);
  expect(found).toEqual(keys);
});

test("a list tells sizes, tags and what keys have in common up to a delimiter", async () => {
  await using s3 = await startWithClient();
  putAll(s3, ["a/1", "a/2", "b", "c/x/1", "c/y", "\u{10000}", "\uffee"]);
  const list = (options: object) => s3.client.send(new ListObjectsV2Command({ Bucket: s3.Bucket, ...options }));
  const all = await list({ Delimiter: "/" });
  expect(all.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(["a/", "c/"]);
  expect(all.Contents?.map(({ Key }) => Key)).toEqual(["b", "\uffee", "\u{10000}"]);
  expect(all.Contents?.[0]).toMatchObject({ Size: 0, ETag: '"d41d8cd98f00b204e9800998ecf8427e"' });
  expect((await list({ Prefix: "c/", Delimiter: "/" })).CommonPrefixes).toEqual([{ Prefix: "c/x/" }]);
  expect((await list({ StartAfter: "b" })).Contents?.[0]?.Key).toBe("c/x/1");
  expect((await list({ MaxKeys: 0 })).KeyCount).toBe(0);
  expect(await refusalOf(list({ ContinuationToken: "x" }))).toBe("400 InvalidArgument");
});

test("a list is of what is there now", async () => {
  await using s3 = await startWithClient();
  const list = async () => {
    const page = await s3.client.send(new ListObjectsV2Command({ Bucket: s3.Bucket }));
    return [page.KeyCount, ...(page.Contents ?? []).map(({ Key }) => Key)];
  };
  putAll(s3, ["a", "b"]);
  expect(await list()).toEqual([2, "a", "b"]);
  s3.server.objects.remove("a");
  expect(await list()).toEqual([1, "b"]);
  putAll(s3, ["c"]);
  expect(await list()).toEqual([2, "b", "c"]);
});

test("keys that XML cannot hold come back whole when they are asked for as in addresses", async () => {
  await using s3 = await startWithClient();
  const keys = ["a b+c/ä&<\u0001>", "tab\there"];
  putAll(s3, keys);
  const page = await s3.client.send(new ListObjectsV2Command({ Bucket: s3.Bucket, EncodingType: "url" }));
  expect(page.Contents?.map(({ Key }) => decodeURIComponent((Key ?? "").replaceAll("+", " ")))).toEqual(keys);
});

test("pages of any size give every key, or what stands for it, exactly once", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "/"), minLength: 1, maxLength: 5 });
  const cases = fc.record({
    keys: fc.uniqueArray(letters),
    most: fc.integer({ min: 1, max: 4 }),
    prefix: fc.constantFrom("", "a", "a/"),
  });
  fc.assert(
    fc.property(cases, fc.constantFrom("", "/", "b"), ({ keys, most, prefix }, delimiter) => {
      const sorted = keys.toSorted();
      const seen: string[] = [];
      let done: string | undefined;
      do {
        const page = planPage(sorted, { prefix, delimiter, after: done ?? "", done, most });
        const entries = [...page.keys, ...page.prefixes];
        expect(entries.length).toBeLessThanOrEqual(most);
        seen.push(...entries);
        done = page.next;
      } while (done !== undefined);
      const expected = sorted
        .filter((key) => key.startsWith(prefix))
        .map((key) => {
          const cut = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
          return cut < 0 ? key : key.slice(0, cut + delimiter.length);
        });
      expect(seen.toSorted()).toEqual([...new Set(expected)].toSorted());
    }),
  );
});
