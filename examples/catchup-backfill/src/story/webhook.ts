import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock } from "@millrace/core";

export interface ToldMessage {
  readonly at: number;
  readonly text: string;
}

/** Somebody who listens: a webhook on a free port of this machine that keeps what it is told. */
export interface Webhook extends AsyncDisposable {
  readonly url: string;
  readonly messages: readonly ToldMessage[];
}

const longestMessage = 100_000;

export async function startWebhook(clock: Clock, onMessage?: (message: ToldMessage) => void): Promise<Webhook> {
  const messages: ToldMessage[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request.setEncoding("utf8")) {
      body += piece;
      if (body.length > longestMessage) return void request.socket.destroy();
    }
    const isRead = readMessage(body, (text) => {
      const message = { at: clock.now(), text };
      messages.push(message);
      onMessage?.(message);
    });
    response.writeHead(isRead ? 200 : 400, { connection: "close" }).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    messages,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function readMessage(body: string, take: (text: string) => void): boolean {
  try {
    const { text } = JSON.parse(body) as { text?: unknown };
    if (typeof text !== "string") return false;
    take(text);
    return true;
  } catch {
    return false;
  }
}
