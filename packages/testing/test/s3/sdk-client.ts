import { type _Error, S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { type S3Server, type S3ServerOptions, startS3Server } from "../../src/s3.ts";

/** A server and the AWS SDK's client of it, which asks once and does not repeat. */
export async function startWithClient(
  options: S3ServerOptions = {},
  config: S3ClientConfig = {},
): Promise<AsyncDisposable & { readonly server: S3Server; readonly client: S3Client; readonly Bucket: string }> {
  const server = await startS3Server(options);
  const client = clientOf(server, config);
  const close = async (): Promise<void> => {
    client.destroy();
    await server.close();
  };
  return { server, client, Bucket: server.bucket, [Symbol.asyncDispose]: close };
}

/** The client warns of streams, and of errors that a test wants. */
const silent = { trace: () => {}, debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** The AWS SDK's client of a server. */
export function clientOf(server: S3Server, config: S3ClientConfig = {}): S3Client {
  const { accessKeyId, secretAccessKey, region, endpoint } = server;
  return new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
    logger: silent,
    ...config,
  });
}

/** What the client throws: S3's code and the status, or the text of what has no code. */
export async function refusalOf(answer: Promise<unknown>): Promise<string> {
  try {
    await answer;
    return "no refusal";
  } catch (error) {
    const { name, $metadata } = error as _Error & { name: string; $metadata?: { httpStatusCode?: number } };
    return $metadata?.httpStatusCode === undefined ? `${error}` : `${$metadata.httpStatusCode} ${name}`;
  }
}
