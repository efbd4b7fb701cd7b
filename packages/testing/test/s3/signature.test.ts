import { HeadBucketCommand, ListObjectsV2Command, PutObjectCommand, type S3ClientConfig } from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { manualClock } from "../../src/index.ts";
import { clientOf, refusalOf, startWithClient } from "./sdk-client.ts";

test.each<[string, S3ClientConfig, string]>([
  [
    "another key",
    { credentials: { accessKeyId: "somebody", secretAccessKey: "millrace-secret" } },
    "403 InvalidAccessKeyId",
  ],
  [
    "another secret",
    { credentials: { accessKeyId: "millrace", secretAccessKey: "wrong" } },
    "403 SignatureDoesNotMatch",
  ],
  ["another region", { region: "eu-west-3" }, "400 AuthorizationHeaderMalformed"],
  ["a clock that is 16 minutes late", { systemClockOffset: -16 * 60_000 }, "403 RequestTimeTooSkewed"],
  [
    "a session token that nobody gave out",
    { credentials: { accessKeyId: "millrace", secretAccessKey: "millrace-secret", sessionToken: "x" } },
    "400 InvalidToken",
  ],
])("%s is refused", async (_, config, refusal) => {
  await using s3 = await startWithClient();
  const client = clientOf(s3.server, config);
  // Some clients correct their clock by the answer and ask again: here the first answer counts.
  expect(await refusalOf(client.send(new PutObjectCommand({ Bucket: s3.Bucket, Key: "a", Body: "x" })))).toBe(refusal);
  expect(s3.server.objects.size).toBe(0);
  client.destroy();
});

test("dates are held against the clock that the server was given", async () => {
  await using s3 = await startWithClient({ clock: manualClock({ now: "2026-03-01T00:00:00Z" }) });
  expect(await refusalOf(s3.client.send(new ListObjectsV2Command({ Bucket: s3.Bucket })))).toBe(
    "403 RequestTimeTooSkewed",
  );
});

test("a session token that was given out is needed", async () => {
  await using s3 = await startWithClient({ sessionToken: "t" });
  const client = clientOf(s3.server, {
    credentials: { accessKeyId: "millrace", secretAccessKey: "millrace-secret", sessionToken: "t" },
  });
  expect(await refusalOf(client.send(new HeadBucketCommand({ Bucket: s3.Bucket })))).toBe("no refusal");
  expect(await refusalOf(s3.client.send(new ListObjectsV2Command({ Bucket: s3.Bucket })))).toBe("400 InvalidToken");
  expect(JSON.stringify(s3.server.requests)).not.toContain("security-token");
  client.destroy();
});

test("a bucket in another region redirects, and a client that follows gets there", async () => {
  await using s3 = await startWithClient({ bucketRegion: "eu-central-1" });
  const list = new ListObjectsV2Command({ Bucket: s3.Bucket });
  expect(await refusalOf(s3.client.send(list))).toBe("301 PermanentRedirect");
  const following = clientOf(s3.server, { followRegionRedirects: true });
  expect(await refusalOf(following.send(list))).toBe("no refusal");
  expect(await refusalOf(clientOf(s3.server, { region: "eu-central-1" }).send(list))).toBe("no refusal");
  following.destroy();
});

test("a request that is not signed, or not wholly, is refused", async () => {
  await using s3 = await startWithClient();
  const unsigned = await fetch(`${s3.server.endpoint}/${s3.Bucket}/a`);
  expect([unsigned.status, await unsigned.text()]).toEqual([403, expect.stringContaining("<Code>AccessDenied</Code>")]);
  s3.client.middlewareStack.add(
    (next) => (args) => {
      (args.request as { headers: Record<string, string> }).headers["x-amz-meta-late"] = "added";
      return next(args);
    },
    { step: "finalizeRequest", priority: "low" },
  );
  expect(await refusalOf(s3.client.send(new PutObjectCommand({ Bucket: s3.Bucket, Key: "a" })))).toBe(
    "403 AccessDenied",
  );
});
