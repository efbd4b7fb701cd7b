import { createHash } from "node:crypto";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { type S3Server, startS3Server } from "@millrace/testing/s3";
import { s3 } from "@millrace/xcom-s3";
import type { Contest } from "./xcom-races.ts";
import { benchAddress } from "./xcom-values.ts";

/** The S3 place beside bare calls of the SDK; both speak to the same server in this process. */
export async function withS3Contest<T>(use: (contest: Contest) => Promise<T>): Promise<T> {
  await using server = await startS3Server();
  // Where the place looks for credentials.
  process.env.AWS_ACCESS_KEY_ID = server.accessKeyId;
  process.env.AWS_SECRET_ACCESS_KEY = server.secretAccessKey;
  const client = bareClient(server);
  const { bucket, endpoint, region } = server;
  // As the bare client does it: one request for each value, with a CRC-32. (Without one the server makes a checksum itself.)
  const place = s3({
    ...{ bucket, endpoint, region, thresholdBytes: 0 },
    ...{ checksums: "supported", partSizeBytes: 2 ** 26 },
  });
  try {
    return await use(contestOf(place, client, server));
  } finally {
    client.destroy();
    await place.close?.();
  }
}

function bareClient({ endpoint, region, accessKeyId, secretAccessKey }: S3Server): S3Client {
  return new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } });
}

function contestOf(place: ReturnType<typeof s3>, client: S3Client, { bucket }: S3Server): Contest {
  let count = 0;
  const put = async (Body: Buffer): Promise<{ readonly Key: string; readonly checksum: string }> => {
    const Key = `bare/${count++}`;
    const checksum = createHash("sha256").update(Body).digest("hex");
    await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body, IfNoneMatch: "*" }));
    return { Key, checksum };
  };
  return {
    id: "xcomS3",
    name: "XCom S3 place",
    against: "a bare call of the SDK and a hash",
    isSlow: true,
    isForSize: (sizeBytes) => sizeBytes >= 65_536 && sizeBytes < 2 ** 26,
    target: () => ({ ratioAtLeast: 0.9 }),
    async races(bytes) {
      const envelope = await place.put(bytes, benchAddress, undefined);
      if (!envelope) throw new Error("the S3 place has declined");
      const { Key, checksum } = await put(bytes);
      const get = async (): Promise<void> => {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
        const found = await Body?.transformToByteArray();
        if (!found || createHash("sha256").update(found).digest("hex") !== checksum)
          throw new Error("the bare object differs");
      };
      return {
        write: { bare: () => put(bytes), part: () => place.put(bytes, benchAddress, undefined) },
        read: { bare: get, part: () => place.get(envelope, benchAddress) },
      };
    },
  };
}
