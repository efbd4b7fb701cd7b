import { describe, expect, it } from "vitest";
import { dag } from "../../src/index.ts";
import { Masker } from "../../src/masking/masker.ts";
import { environmentSecrets } from "../../src/secrets/environment-provider.ts";
import { givenSecrets } from "../../src/secrets/given-provider.ts";
import type { SecretProvider } from "../../src/secrets/provider.ts";
import { SecretReader } from "../../src/secrets/secret-reader.ts";
import { ManualClock } from "../manual-clock.ts";
import { openEngine } from "../test-engine.ts";

const reading = (providers: readonly SecretProvider[], clock = new ManualClock()) => {
  const masker = new Masker();
  const reader = new SecretReader({ providers, clock, masker, ttlMs: 300_000, timeoutMs: 10_000 });
  return { reader, clock, masker };
};

/** Gives what `answer` says, and counts how often it was asked. */
const counting = (answer: (asked: number) => unknown): SecretProvider & { asked: number } => {
  const provider = {
    name: "counting",
    asked: 0,
    get: async () => answer(++provider.asked) as string,
  };
  return provider;
};

describe("a secret", () => {
  it("comes from the first provider that has it", async () => {
    const { reader } = reading([
      environmentSecrets({ env: { MILLRACE_SECRET_A: "from env", MILLRACE_SECRET_EMPTY: "" } }),
      givenSecrets({ secrets: { a: "from given", b: "also", empty: "given" } }),
    ]);
    expect(await reader.secret("a")).toBe("from env");
    expect(await reader.secret("b")).toBe("also");
    expect(await reader.secret("empty")).toBe("given");
  });

  it("that nobody has is refused with the places and the variable, and looked for again", async () => {
    const env: Record<string, string> = {};
    const { reader } = reading([environmentSecrets({ env }), givenSecrets({ name: "the vault" })]);
    await expect(reader.secret("api-token")).rejects.toMatchObject({
      code: "SECRET_NOT_FOUND",
      message: "There is no secret 'api-token'; looked for in the environment, the vault",
      cure: expect.stringContaining("MILLRACE_SECRET_API__TOKEN") as unknown,
    });
    await expect(reader.connection("shop")).rejects.toMatchObject({ code: "CONNECTION_NOT_FOUND" });
    env["MILLRACE_SECRET_API__TOKEN"] = "now";
    expect(await reader.secret("api-token")).toBe("now");
  });

  it("is kept for five minutes and then asked for again", async () => {
    const provider = counting((asked) => `value ${asked}`);
    const { reader, clock, masker } = reading([provider]);
    expect(await Promise.all([reader.secret("a"), reader.secret("a")])).toEqual(["value 1", "value 1"]);
    await clock.advance(299_000);
    expect(await reader.secret("a")).toBe("value 1");
    await clock.advance(1_000);
    expect(await reader.secret("a")).toBe("value 2");
    // The old one may still be good.
    expect(masker.mask("value 1 and value 2")).toBe("*** and ***");
  });

  it("whose provider fails is refused, not taken from the next, and asked for again", async () => {
    const provider = counting((asked) => {
      if (asked === 1) throw new Error("connection refused, known-value");
      return "good";
    });
    const { reader, masker } = reading([provider, givenSecrets({ secrets: { a: "another" } })]);
    masker.remember("known-value");
    await expect(reader.secret("a")).rejects.toMatchObject({
      code: "SECRET_PROVIDER_FAILED",
      message: "counting did not give secret 'a': connection refused, ***",
    });
    expect(await reader.secret("a")).toBe("good");
  });

  it("whose provider hangs is refused after ten seconds, and its call is told", async () => {
    const signals: AbortSignal[] = [];
    const hanging: SecretProvider = {
      name: "hanging",
      get: (_kind, _name, { signal }) => {
        signals.push(signal);
        return new Promise(() => undefined);
      },
    };
    const { reader, clock } = reading([hanging]);
    await expect(clock.drive(reader.secret("a"))).rejects.toMatchObject({
      code: "SECRET_PROVIDER_FAILED",
      message: "hanging did not give secret 'a': it took longer than 10.0 s",
    });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    const asked = reader.secret("b");
    const refused = expect(asked).rejects.toMatchObject({ code: "SECRET_PROVIDER_FAILED" });
    await reader.close();
    await refused;
    await expect(reader.secret("a")).rejects.toMatchObject({ code: "SECRET_PROVIDER_FAILED" });
  });

  it.each([[42], [""], [true], [["x"]], [{ a: "hunter2" }], ["x".repeat(65_537)]])(
    "that is no text of 1 to 65536 characters is refused without being shown",
    async (given) => {
      const { reader } = reading([counting(() => given)]);
      await expect(reader.secret("a")).rejects.toMatchObject({
        code: "SECRET_INVALID",
        message: expect.not.stringMatching(/hunter2|xxx/) as unknown,
      });
    },
  );
});

describe("a connection that is handed out", () => {
  it.each([
    ["postgres://u:p%40ssw%C3%B6rd@h/d", "p@sswörd", "postgres://u:***@h/d"],
    ["postgres://u:pass%77ord-needlessly@h/d", "password-needlessly", "postgres://u:***@h/d"],
    ["postgres://u:abc@h/d", "h", "postgres://***h/d"],
    ["https://h/?access_token=t0ken-42", "t0ken-42", "https://h/?access_token=***"],
  ])("has its password masked: %s", async (url, text, shown) => {
    const { reader, masker } = reading([givenSecrets({ connections: { a: url } })]);
    const connection = await reader.connection("a");
    expect(masker.mask(connection.url ?? "")).toBe(shown);
    if (text.length > 3) expect(masker.mask(`<${text}>`)).toBe("<***>");
  });

  it("has secret options masked, at any depth, and no others", async () => {
    const a = { type: "x", options: { region: "eu-west", auth: { apiKey: "k-12345", keys: ["k-67890"] } } };
    const { reader, masker } = reading([givenSecrets({ connections: { a } })]);
    await reader.connection("a");
    expect(masker.mask("eu-west k-12345 k-67890")).toBe("eu-west *** ***");
  });
});

describe("the list", () => {
  it("names what there is once, with the provider that wins, and never asks for a value", async () => {
    const env = { MILLRACE_CONNECTION_SHOP: "http://a/", MILLRACE_SECRET_A: "x", MILLRACE_CONNECTION_EMPTY: "" };
    const broken: SecretProvider = {
      name: "broken",
      get: () => undefined,
      list: () => [{ kind: "secret", name: "../x" }],
    };
    const { reader, masker } = reading([
      environmentSecrets({ env }),
      givenSecrets({ connections: { shop: "http://b/", other: "http://c/" } }),
      broken,
      { name: "silent", get: () => undefined },
    ]);
    const { found, problems, silent } = await reader.list();
    expect(found.map(({ kind, name, provider }) => [kind, name, provider.name])).toEqual([
      ["connection", "shop", "the environment"],
      ["secret", "a", "the environment"],
      ["connection", "other", "the given values"],
    ]);
    expect(problems).toMatchObject([{ code: "SECRET_PROVIDER_INVALID" }]);
    expect(silent).toEqual(["silent"]);
    expect(masker.isActive).toBe(false);
  });
});

describe("an engine", () => {
  it("closes its providers, and fails a task whose secret is missing with the code", async () => {
    const closed: string[] = [];
    const provider: SecretProvider = { name: "own", get: () => undefined, close: () => void closed.push("own") };
    const asks = dag("asks", {}, (d) => {
      d.task("secret", ({ secret }) => secret("api_token"));
      d.task("connection", ({ connection }) => connection("shop"));
      d.task("name", ({ secret }) => secret("API_TOKEN"));
    });
    {
      await using test = await openEngine({ dags: [asks], secrets: [provider] });
      const { tasks } = await test.run(asks);
      expect(Object.values(tasks).map(({ error }) => error?.code)).toEqual([
        "SECRET_NOT_FOUND",
        "CONNECTION_NOT_FOUND",
        "SECRET_NAME_INVALID",
      ]);
      expect(closed).toEqual([]);
    }
    expect(closed).toEqual(["own"]);
  });
});
