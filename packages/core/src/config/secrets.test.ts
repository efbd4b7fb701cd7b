import { describe, expect, it } from "vitest";
import { isSecretName, masked } from "./secrets.ts";

describe("isSecretName", () => {
  it.each([
    "password",
    "passwd",
    "token",
    "apiKey",
    "api_key",
    "keys",
    "key",
    "secretAccessKey",
    "privatePem",
    "credentials",
    "dbPassword",
  ])("takes %s for a secret", (name) => {
    expect(isSecretName(name)).toBe(true);
  });

  it.each(["path", "dir", "keyspace", "monkey", "thresholdBytes", "region", "compression"])("shows %s", (name) => {
    expect(isSecretName(name)).toBe(false);
  });
});

describe("masked", () => {
  it("masks what stands under secret names, at any depth", () => {
    expect(masked({ a: [{ token: "t", plain: 1 }], keys: { env: "X" } })).toEqual({
      a: [{ token: "***", plain: 1 }],
      keys: "***",
    });
  });

  it("masks the password in a URL and nothing else of it", () => {
    expect(masked({ url: "postgres://me:pa:ss@host/db" })).toEqual({ url: "postgres://me:***@host/db" });
    expect(masked("http://user@host/")).toBe("http://user@host/");
  });

  it("names live objects instead of showing what is inside them", () => {
    expect(masked({ name: "gzip", write: () => 1, level: 3 })).toBe("a live object (gzip)");
    class Client {
      readonly inner = "hidden";
    }
    expect(masked({ client: new Client() })).toEqual({ client: "a live object (Client)" });
  });

  it("ends on deep and cyclic values", () => {
    const cyclic: Record<string, unknown> = {};
    cyclic.again = cyclic;
    expect(JSON.stringify(masked(cyclic))).toContain("…");
  });
});
