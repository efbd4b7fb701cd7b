import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { environmentSecrets, fileSecrets, givenSecrets, type SecretProvider } from "@millrace/core/engine";
import { type SecretProviderUnderTest, secretProviderCases } from "../../src/secrets/secret-provider-cases.ts";
import { secretProviderSuite } from "../../src/suites.ts";
import { proveSuite } from "../conformance/prove-suite.ts";

const password = "pw-91ab-long";
const secrets = { token: "k7-Tq92x", "a/b": "of-a-folder", both: "as-a-secret" };
const connections = {
  shop: `postgres://etl:${password}@db.local/shop`,
  queue: { type: "amqp", host: "mq.local", password: "mq-password" },
  both: "http://as.a.connection/",
};
const values = { secrets, connections };

secretProviderSuite("given", () => ({ provider: givenSecrets(structuredClone(values)), ...values }));

secretProviderSuite("environment", () => {
  const env = {
    MILLRACE_SECRET_TOKEN: secrets.token,
    MILLRACE_SECRET_A____B: secrets["a/b"],
    MILLRACE_CONNECTION_SHOP: connections.shop,
    MILLRACE_CONNECTION_EMPTY: "",
    PATH: "/bin",
  };
  const { token, "a/b": inFolder } = secrets;
  const { shop } = connections;
  return { provider: environmentSecrets({ env }), secrets: { token, "a/b": inFolder }, connections: { shop } };
});

secretProviderSuite("file", () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-secrets-"));
  const path = join(folder, "secrets.json");
  writeFileSync(path, JSON.stringify(values), { mode: 0o600 });
  return {
    provider: fileSecrets({ path }),
    ...values,
    fail: () => chmodSync(path, 0o644),
    cleanup: () => rmSync(folder, { recursive: true, force: true }),
  };
});

/** A store of secrets that is asked, and can be out of reach. */
class Vault {
  isDown = false;
  readonly provider: SecretProvider = {
    name: "the vault",
    get: async (kind, name) => {
      if (this.isDown) throw new Error("the vault is down");
      const group: Readonly<Record<string, unknown>> = kind === "secret" ? secrets : connections;
      return Object.hasOwn(group, name) ? (structuredClone(group[name]) as string) : undefined;
    },
    list: async () => [
      ...Object.keys(secrets).map((name) => ({ kind: "secret" as const, name })),
      ...Object.keys(connections).map((name) => ({ kind: "connection" as const, name })),
    ],
    test: async (name) => ({ ok: true, detail: `${name} answers` }),
  };
}

const vault = (change: (sound: SecretProvider, vault: Vault) => Partial<SecretProvider> = () => ({})) => {
  return (): SecretProviderUnderTest => {
    const made = new Vault();
    const fail = (): void => {
      made.isDown = true;
    };
    return { provider: { ...made.provider, ...change(made.provider, made) }, ...values, fail };
  };
};

const shared = { ...connections.queue };
let turn = 0;
proveSuite(secretProviderCases, {
  sound: { vault: vault() },
  broken: {
    "has no name": vault(() => ({ name: "" })),
    "has a value in its name": vault(() => ({ name: `vault at ${connections.shop}` })),
    "has a name of two lines": vault(() => ({ name: "the\nvault" })),
    "gives every second time another value": vault(({ get }) => ({
      get: async (...given) => (++turn % 2 === 0 ? "other" : get(...given)),
    })),
    "loses what is asked at once": vault(({ get }) => {
      let isBusy = false;
      return {
        async get(...given) {
          if (isBusy) return undefined;
          isBusy = true;
          const value = await get(...given);
          await new Promise((resolve) => setImmediate(resolve));
          isBusy = false;
          return value;
        },
      };
    }),
    "throws for what it does not have": vault(({ get }) => ({
      async get(...given) {
        const value = await get(...given);
        if (value === undefined) throw new Error("none");
        return value;
      },
    })),
    "gives what objects have of their own": vault(({ get }) => ({
      get: async (kind, name, call) =>
        (await get(kind, name, call)) ?? ((secrets as never)[name] as string | undefined),
    })),
    "gives a connection for a secret": vault(({ get }) => ({
      get: async (_, name, call) => (await get("secret", name, call)) ?? get("connection", name, call),
    })),
    "gives an object that is its own": vault(({ get }) => ({
      get: async (kind, name, call) => (kind === "connection" && name === "queue" ? shared : get(kind, name, call)),
    })),
    "lists only some": vault(({ list }) => ({ list: async (call) => ((await list?.(call)) ?? []).slice(1) })),
    "lists values": vault(({ list }) => ({
      list: async (call) => ((await list?.(call)) ?? []).map((each) => ({ ...each, value: secrets.token })),
    })),
    "lists something twice": vault(({ list }) => ({
      list: async (call) => [...((await list?.(call)) ?? []), { kind: "secret", name: "token" }],
    })),
    "goes on for ever when nobody waits": vault(({ get }) => ({
      get: (kind, name, call) => (call.signal.aborted ? new Promise(() => undefined) : get(kind, name, call)),
    })),
    "has nothing when it is down": vault(({ get }, { isDown: _ }) => ({
      get: async (...given) => {
        try {
          return await get(...given);
        } catch {
          return undefined;
        }
      },
    })),
    "goes on with what it knew when it is down": vault(({ get }) => {
      const known = new Map<string, Awaited<ReturnType<SecretProvider["get"]>>>();
      return {
        async get(kind, name, call) {
          const key = `${kind} ${name}`;
          if (!known.has(key)) known.set(key, await get(kind, name, call));
          return structuredClone(known.get(key));
        },
      };
    }),
    "says a value when it is down": vault(({ get }) => ({
      get: (...given) =>
        Promise.resolve(get(...given)).catch(() => {
          throw new Error(`no answer to ${connections.shop}`);
        }),
    })),
    "tests with a value in what it says": vault(() => ({
      test: async () => ({ ok: true, detail: `asked ${connections.shop}` }),
    })),
    "tests without a word": vault(() => ({ test: async () => ({ ok: false, detail: "" }) })),
    "tests and tells no verdict": vault(() => ({ test: async () => ({ detail: "well" }) as never })),
  },
});
