import { connect } from "node:net";
import type { S3Server } from "../../src/s3.ts";

/** Sends bytes as they are and gives the status and the body of the answer. */
export async function sendRaw(server: S3Server, head: readonly string[], body: Uint8Array | string): Promise<string> {
  const socket = connect(Number(new URL(server.endpoint).port), "127.0.0.1");
  socket.write(`${[...head, "Connection: close"].join("\r\n")}\r\n\r\n`);
  socket.write(body);
  let answer = "";
  for await (const chunk of socket) answer += chunk;
  const status = /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? "nothing";
  return [status, /<Code>(\w+)<\/Code>/.exec(answer)?.[1]].filter(Boolean).join(" ");
}
