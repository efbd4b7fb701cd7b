import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkSecretName, isSecretKey, nameOfVariable, secretVariable } from "./secret-name.ts";

const word = fc.stringMatching(/^[a-z0-9]{1,5}$/);
const name = fc
  .array(fc.tuple(fc.constantFrom("_", "-", ".", "/"), word), { maxLength: 4 })
  .chain((rest) => word.map((first) => first + rest.flat().join("")));

describe("names of secrets", () => {
  it.each([
    ["api_token", "MILLRACE_SECRET_API_TOKEN"],
    ["shop-db", "MILLRACE_SECRET_SHOP__DB"],
    ["shop.db", "MILLRACE_SECRET_SHOP___DB"],
    ["prod/db/1", "MILLRACE_SECRET_PROD____DB____1"],
  ])("%s is read from %s", (given, variable) => {
    expect(secretVariable("secret", given)).toBe(variable);
  });

  it("have each a variable of their own, which names nothing else", () => {
    fc.assert(
      fc.property(name, fc.constantFrom("secret" as const, "connection" as const), (given, kind) => {
        expect(isSecretKey(given)).toBe(true);
        expect(nameOfVariable(secretVariable(kind, given))).toEqual({ kind, name: given });
      }),
    );
  });

  it.each([
    "MILLRACE_SECRET_",
    "MILLRACE_SECRET_A_____B",
    "MILLRACE_SECRET_a",
    "MILLRACE_SECRETS_FILE",
    "MILLRACE_SECRET__A",
    "PATH",
  ])("the variable %s names none", (variable) => {
    expect(nameOfVariable(variable)).toBeUndefined();
  });

  it.each([
    "",
    "API_TOKEN",
    "a__b",
    "a-",
    "_a",
    "a..b",
    "../a",
    "/a",
    "a/../b",
    "a b",
    "ä",
    "a\n",
    "a".repeat(101),
    5,
    null,
  ])("%j is refused", (given) => {
    expect(() => checkSecretName("secret", given as string)).toThrowError(
      expect.objectContaining({ code: "SECRET_NAME_INVALID" }),
    );
  });
});
