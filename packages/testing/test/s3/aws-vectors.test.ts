// The worked examples of Amazon's documentation of signatures, byte by byte:
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, sigv4-streaming.html, sigv4-streaming-trailers.html
import { expect, test } from "vitest";
import { manualClock } from "../../src/index.ts";
import { type S3Server, startS3Server } from "../../src/s3.ts";
import { sendRaw } from "./raw-requests.ts";

const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

function start(): Promise<S3Server> {
  return startS3Server({
    accessKeyId: "AKIAIOSFODNN7EXAMPLE",
    secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    bucket: "examplebucket",
    clock: manualClock({ now: "2013-05-24T00:00:00Z" }),
  });
}

function authorization(headers: string, signature: string): string {
  const credential = "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request";
  return `Authorization: AWS4-HMAC-SHA256 Credential=${credential},SignedHeaders=${headers},Signature=${signature}`;
}

test("a range of an object", async () => {
  await using server = await start();
  server.objects.put("test.txt", Buffer.from("Welcome to Amazon S3."));
  const head = (signature: string): string[] => [
    "GET /test.txt HTTP/1.1",
    "Host: examplebucket.s3.amazonaws.com",
    "Range: bytes=0-9",
    `x-amz-content-sha256: ${emptyHash}`,
    "x-amz-date: 20130524T000000Z",
    authorization("host;range;x-amz-content-sha256;x-amz-date", signature),
  ];
  const right = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
  expect(await sendRaw(server, head(right), "")).toBe("206");
  expect(await sendRaw(server, head(right.replace("f0", "f1")), "")).toBe("403 SignatureDoesNotMatch");
});

test("a new object under a name with a special character", async () => {
  await using server = await start();
  const head = [
    "PUT /test%24file.text HTTP/1.1",
    "Host: examplebucket.s3.amazonaws.com",
    "Date: Fri, 24 May 2013 00:00:00 GMT",
    "x-amz-date: 20130524T000000Z",
    "x-amz-storage-class: REDUCED_REDUNDANCY",
    "x-amz-content-sha256: 44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
    "Content-Length: 21",
    authorization(
      "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
      "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    ),
  ];
  expect(await sendRaw(server, head, "Welcome to Amazon S3.")).toBe("200");
  expect(server.objects.get("test$file.text")?.bytes.toString()).toBe("Welcome to Amazon S3.");
  expect(await sendRaw(server, head, "Welcome to Amazon S4.")).toBe("400 XAmzContentSHA256Mismatch");
});

test("lists, and a parameter without a value", async () => {
  await using server = await start();
  const head = (target: string, signature: string): string[] => [
    `GET ${target} HTTP/1.1`,
    "Host: examplebucket.s3.amazonaws.com",
    `x-amz-content-sha256: ${emptyHash}`,
    "x-amz-date: 20130524T000000Z",
    authorization("host;x-amz-content-sha256;x-amz-date", signature),
  ];
  // Their signatures hold; this server has neither operation.
  const lifecycle = head("/?lifecycle", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  expect(await sendRaw(server, lifecycle, "")).toBe("501 NotImplemented");
  const list = head("/?max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
  expect(await sendRaw(server, list, "")).toBe("501 NotImplemented");
});

interface Chunk {
  readonly bytes: string;
  readonly signature: string;
}

function chunked(chunks: readonly Chunk[], trailer = ""): string {
  const coded = chunks.map(({ bytes, signature }, index) => {
    const end = index === chunks.length - 1 ? "" : "\r\n";
    return `${bytes.length.toString(16)};chunk-signature=${signature}\r\n${bytes}${end}`;
  });
  return `${coded.join("")}${trailer}\r\n`;
}

const a = (count: number): string => "a".repeat(count);

test("an object in signed chunks", async () => {
  await using server = await start();
  const chunks: Chunk[] = [
    { bytes: a(65_536), signature: "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648" },
    { bytes: a(1024), signature: "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497" },
    { bytes: "", signature: "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9" },
  ];
  const put = (body: string): Promise<string> => {
    const head = [
      "PUT /examplebucket/chunkObject.txt HTTP/1.1",
      "Host: s3.amazonaws.com",
      "x-amz-date: 20130524T000000Z",
      "x-amz-storage-class: REDUCED_REDUNDANCY",
      "x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
      "Content-Encoding: aws-chunked",
      "x-amz-decoded-content-length: 66560",
      "Content-Length: 66824",
      authorization(
        "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class",
        "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
      ),
    ];
    return sendRaw(server, head, body);
  };
  const body = chunked(chunks);
  expect(body.length).toBe(66_824);
  expect(await put(body)).toBe("200");
  expect(server.objects.get("chunkObject.txt")?.bytes.toString()).toBe(a(66_560));
  server.objects.remove("chunkObject.txt");
  expect(await put(body.replace("aaa", "aab"))).toBe("403 SignatureDoesNotMatch");
  expect(await put(body.replace("b6c6", "b6c7"))).toBe("403 SignatureDoesNotMatch");
  expect(server.objects.size).toBe(0);
});

test("an object in signed chunks with a signed trailer", async () => {
  await using server = await start();
  const chunks: Chunk[] = [
    { bytes: a(65_536), signature: "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2" },
    { bytes: a(1024), signature: "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7" },
    { bytes: "", signature: "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992" },
  ];
  const put = (signature: string | undefined, checksum = "sOO8/Q=="): Promise<string> => {
    const signed = signature === undefined ? "" : `x-amz-trailer-signature:${signature}\r\n`;
    const trailer = `x-amz-checksum-crc32c:${checksum}\r\n${signed}`;
    const body = chunked(chunks, trailer);
    const head = [
      "PUT /examplebucket/chunkObject.txt HTTP/1.1",
      "Host: s3.amazonaws.com",
      "x-amz-date: 20130524T000000Z",
      "x-amz-storage-class: REDUCED_REDUNDANCY",
      "x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
      "Content-Encoding: aws-chunked",
      "x-amz-decoded-content-length: 66560",
      "x-amz-trailer: x-amz-checksum-crc32c",
      `Content-Length: ${body.length}`,
      authorization(
        "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer",
        "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
      ),
    ];
    return sendRaw(server, head, body);
  };
  const right = "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435";
  expect(await put(right)).toBe("200");
  expect(server.objects.get("chunkObject.txt")?.checksum).toEqual({
    algorithm: "crc32c",
    value: "sOO8/Q==",
    type: "FULL_OBJECT",
  });
  expect(await put(right, "AAAAAA==")).toBe("403 SignatureDoesNotMatch");
  expect(await put(right.replace("d8", "d9"))).toBe("403 SignatureDoesNotMatch");
  expect(await put(undefined)).toBe("403 SignatureDoesNotMatch");
});
