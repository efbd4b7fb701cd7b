import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { processMasker } from "../../src/masking/masker.ts";
import type { ConnectionInput } from "../../src/secrets/connection.ts";
import { givenSecrets } from "../../src/secrets/given-provider.ts";
import { listConnections, testConnection } from "../../src/secrets/inspect-connections.ts";
import type { SecretProvider } from "../../src/secrets/provider.ts";
import type { Clock } from "../../src/time/clock.ts";

const servers: (Server | TcpServer)[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    if ("closeAllConnections" in server) server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listening(server: Server | TcpServer): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** An HTTP server that answers with these statuses by method, and remembers what it was asked. */
async function answering(statuses: Readonly<Record<string, number>>) {
  const asked: string[] = [];
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? "-"}`);
    response.writeHead(statuses[request.method ?? ""] ?? 500, { location: "http://127.0.0.1:1/" }).end();
  };
  return { asked, port: await listening(createServer(answer)) };
}

const tested = (given: ConnectionInput, clock?: Clock) =>
  testConnection("it", { providers: [givenSecrets({ connections: { it: given } })], ...(clock && { clock }) });

describe("a connection over HTTP", () => {
  it("is asked with HEAD, with its user and password, and without them in the address", async () => {
    const { asked, port } = await answering({ HEAD: 204 });
    const found = await tested(`http://us%40er:p%2Fw@127.0.0.1:${port}/v1?x=1`);
    expect(found).toEqual({
      name: "it",
      type: "http",
      from: "the given values",
      ok: true,
      detail: "HEAD is answered with 204",
    });
    expect(asked).toEqual([`HEAD /v1?x=1 Basic ${Buffer.from("us@er:p/w").toString("base64")}`]);
  });

  it("is asked with GET where HEAD is not known, and not led elsewhere", async () => {
    const { asked, port } = await answering({ HEAD: 405, GET: 302 });
    expect(await tested({ type: "http", host: "127.0.0.1", port })).toMatchObject({
      ok: true,
      detail: "GET is answered with 302",
    });
    expect(asked).toEqual(["HEAD / -", "GET / -"]);
  });

  it.each([
    [{ HEAD: 503 }, "", false, "HEAD is answered with 503"],
    [{ HEAD: 401 }, "u:secret@", false, "HEAD is answered with 401: its user and password are refused"],
    [{ HEAD: 403, GET: 403 }, "u:secret@", false, "GET is answered with 403: its user and password are refused"],
    [{ HEAD: 401 }, "", true, "HEAD is answered with 401: it wants to know who asks"],
    [{ HEAD: 404, GET: 404 }, "", true, "GET is answered with 404"],
  ])("that answers %j to '%s'", async (statuses, user, ok, detail) => {
    const { port } = await answering(statuses);
    expect(await tested(`http://${user}127.0.0.1:${port}/`)).toMatchObject({ ok, detail });
  });

  it("that nobody answers is refused, or given up after the timeout", async () => {
    const { port } = await answering({});
    const [server] = servers.splice(0);
    await new Promise((resolve) => server?.close(resolve));
    expect(await tested(`http://127.0.0.1:${port}/`)).toMatchObject({
      ok: false,
      detail: `127.0.0.1:${port} refuses connections (ECONNREFUSED)`,
    });
    let asked: () => void = () => undefined;
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const silent = await listening(createServer(() => asked()));
    // Time is over as soon as the server has been asked.
    const clock: Clock = { now: () => 0, sleep: () => isAsked };
    expect(await tested(`http://127.0.0.1:${silent}/`, clock)).toMatchObject({
      ok: false,
      detail: `127.0.0.1:${silent} did not answer within 10.0 s`,
    });
  });
});

describe("any other connection", () => {
  it("is opened and closed again", async () => {
    let opened = 0;
    const port = await listening(createTcpServer((socket) => void (++opened && socket.on("error", () => undefined))));
    expect(await tested(`postgres://u:secret@127.0.0.1:${port}/d`)).toMatchObject({
      ok: true,
      type: "postgres",
      detail: `127.0.0.1:${port} takes connections`,
    });
    expect((await tested({ type: "x", host: "localhost", port })).detail).toMatch(
      new RegExp(`^localhost is 127.0.0.1; port ${port} takes connections$`),
    );
    expect(opened).toBe(2);
  });

  it("that is refused, or leads nowhere, says why", async () => {
    const port = await listening(createTcpServer());
    const [server] = servers.splice(0);
    await new Promise((resolve) => server?.close(resolve));
    expect(await tested(`redis://127.0.0.1:${port}`)).toMatchObject({
      ok: false,
      detail: `127.0.0.1:${port} refuses connections (ECONNREFUSED)`,
    });
    expect(await tested("postgres://nobody.invalid/d")).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/^nobody\.invalid (is a name that nobody knows|cannot be looked up)/) as unknown,
    });
    expect(await tested({ type: "sqlite", database: "x.db" })).toMatchObject({
      ok: false,
      detail: "it names no host that could be tried",
    });
    expect(await tested("own://127.0.0.1")).toMatchObject({
      ok: false,
      detail: "it names no port, and none is usual for 'own'",
    });
  });
});

describe("a provider's own test", () => {
  const provider = (test: NonNullable<SecretProvider["test"]>): SecretProvider => ({
    name: "own",
    get: () => ({ type: "queue", password: "own-pass-word" }),
    test,
  });

  it("is asked instead, and its detail is masked", async () => {
    const found = await testConnection("it", {
      providers: [provider(async () => ({ ok: false, detail: "no own-pass-word" }))],
    });
    expect(found).toEqual({ name: "it", type: "queue", from: "own", ok: false, detail: "no ***" });
  });

  it("that answers something else, throws or hangs is refused with a code", async () => {
    const clock: Clock = { now: () => 0, sleep: async () => undefined };
    for (const [test, code] of [
      [() => ({ ok: "yes" }), "SECRET_PROVIDER_INVALID"],
      [() => undefined, "SECRET_PROVIDER_INVALID"],
      [() => Promise.reject(new Error("no")), "SECRET_PROVIDER_FAILED"],
      [() => new Promise(() => undefined), "SECRET_PROVIDER_FAILED"],
    ] as const)
      await expect(testConnection("it", { providers: [provider(test as never)], clock })).rejects.toMatchObject({
        code,
      });
  });
});

it("the list has names, types and places, says what cannot be read, and knows no value", async () => {
  const providers: SecretProvider[] = [
    { name: "silent", get: (_kind, name) => (name === "b" ? "redis://h" : undefined) },
    givenSecrets({
      connections: { b: "http://h/", a: "postgres://u:listed-pass@h/d", c: "no url hunter2" },
      secrets: { s: "x" },
    }),
    { name: "broken", get: () => undefined, list: () => Promise.reject(new Error("gone")) },
  ];
  const { connections, problems, silent } = await listConnections({ providers });
  expect(connections.map(({ name, type, from, problem }) => [name, type, from, problem?.code])).toEqual([
    ["a", "postgres", "the given values", undefined],
    ["b", "redis", "silent", undefined],
    ["c", undefined, "the given values", "SECRET_INVALID"],
  ]);
  expect(problems.map(({ message }) => message)).toEqual(["broken did not give its list: gone"]);
  expect(silent).toEqual(["silent"]);
  expect(JSON.stringify([connections, problems])).not.toMatch(/listed-pass|hunter2/);
  expect(processMasker.mask("listed-pass")).toBe("***");
});
