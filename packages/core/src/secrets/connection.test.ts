import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseConnection } from "./connection.ts";

const parse = (given: unknown) => parseConnection("it", given, (why) => new Error(why));

describe("a connection from a URL", () => {
  it("has its parts, percent-decoded", () => {
    expect(parse("postgres://us%40er:p%40ss%3Aw%2F%C3%A9@db.local:5432/my%20db?sslmode=require&x=a%26b")).toEqual({
      name: "it",
      type: "postgres",
      host: "db.local",
      port: 5432,
      user: "us@er",
      password: "p@ss:w/é",
      database: "my db",
      url: "postgres://us%40er:p%40ss%3Aw%2F%C3%A9@db.local:5432/my%20db?sslmode=require&x=a%26b",
      options: { sslmode: "require", x: "a&b" },
    });
  });

  it.each([
    ["https://api.local/v1/", { type: "https", host: "api.local", options: {} }],
    ["http://[::1]:8080", { type: "http", host: "::1", port: 8080 }],
    ["redis://:secret@cache", { type: "redis", host: "cache", password: "secret" }],
    ["sqlite:///data/shop.db", { type: "sqlite", database: "data/shop.db" }],
    ["mongodb+srv://u:p@c.example.net/d", { type: "mongodb+srv", user: "u", database: "d" }],
  ])("%s", (url, expected) => {
    const connection = parse(url);
    expect(connection).toMatchObject({ name: "it", url, ...expected });
    expect(connection).not.toHaveProperty("database", undefined);
    expect(Object.isFrozen(connection)).toBe(true);
  });

  it("gives back any user, password and database that was encoded", () => {
    const text = fc.string({ unit: "grapheme", minLength: 1 }).filter((each) => each.isWellFormed());
    fc.assert(
      fc.property(text, text, text, (user, password, database) => {
        const [u, p, d] = [user, password, database].map(encodeURIComponent);
        fc.pre(d !== "." && d !== "..");
        expect(parse(`postgres://${u}:${p}@h/${d}`)).toMatchObject({ user, password, database });
      }),
    );
  });

  it.each([
    "no url hunter2",
    "postgres:hunter2",
    "postgres://u:hun#ter2@h/d",
    "postgres://u:hun%ter2@h/d",
    "postgres://u:p@h:hunter2/d",
    "postgres://u:p@h/d?a=hunter2&a=hunter2",
    "postgres://u:p@h/d?__proto__=hunter2",
    "postgres://u:p@h/d#hunter2",
    `postgres://${"hunter2".repeat(10_000)}`,
    '{"type":"x","password":hunter2}',
    "",
  ])("that is wrong is refused without being shown: %.30s", (given) => {
    expect(() => parse(given)).toThrowError(/^(?!.*hun).+$/);
  });
});

describe("a connection from an object", () => {
  it("is taken as it is, also as JSON; a url stands for what is not said", () => {
    const given = { type: "http", host: "api.local", port: 80, password: "p", options: { headers: { a: "b" } } };
    expect(parse(given)).toEqual({ name: "it", ...given });
    expect(parse(JSON.stringify(given))).toEqual({ name: "it", ...given });
    expect(parse({ url: "postgres://u@h/d?a=1", password: "p", options: { b: 2 } })).toEqual({
      name: "it",
      type: "postgres",
      host: "h",
      user: "u",
      password: "p",
      database: "d",
      url: "postgres://u@h/d?a=1",
      options: { a: "1", b: 2 },
    });
  });

  it("is nobody's to change, however deep", () => {
    const options = { headers: { accept: ["text"] } };
    const connection = parse({ type: "http", options });
    options.headers.accept.push("more");
    expect(connection.options).toEqual({ headers: { accept: ["text"] } });
    expect(() => Object.assign(connection.options, { a: 1 })).toThrowError(TypeError);
    const inner = (connection.options as typeof options).headers;
    expect(() => Object.assign(inner, { a: 1 })).toThrowError(TypeError);
    expect(() => inner.accept.push("x")).toThrowError(TypeError);
  });

  it.each([
    [{ host: "hunter2" }, "type"],
    [{ type: "Hunter2" }, "type"],
    [{ type: "x", port: "hunter2" }, "port"],
    [{ type: "x", port: 70_000 }, "port"],
    [{ type: "x", password: 1234 }, "password"],
    [{ type: "x", passwort: "hunter2" }, "field"],
    [{ type: "x", options: ["hunter2"] }, "options"],
    [{ type: "x", options: JSON.parse('{"__proto__":"hunter2"}') as unknown }, "options"],
    [{ type: "x", options: { a: [{ call: () => "hunter2" }] } }, "options"],
    [{ type: "x", options: { a: new Map([["hunter2", 1]]) } }, "options"],
    [{ type: "x", options: { a: JSON.parse('{"constructor":"hunter2"}') as unknown } }, "options"],
    [
      { type: "x", options: { a: { a: { a: { a: { a: { a: { a: { a: { a: { a: "hunter2" } } } } } } } } } } },
      "options",
    ],
    [["hunter2"], "object"],
    [42, "object"],
    [null, "object"],
    [new Map([["type", "hunter2"]]), "object"],
  ])("that is wrong is refused without being shown: %j", (given, named) => {
    expect(() => parse(given)).toThrowError(new RegExp(`^(?!.*(?:hunter2|1234)).*${named}`, "i"));
  });
});
