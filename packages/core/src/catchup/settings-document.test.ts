import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isMillraceError } from "../errors.ts";
import { parseSettingsDocument } from "./settings-document.ts";

const secret = "hunter2";

function whyRefused(text: string, path = "/etc/catchup.yaml"): string {
  try {
    parseSettingsDocument(text, path);
  } catch (error) {
    if (isMillraceError(error, "CATCHUP_FILE_INVALID")) return String(error.values["why"]);
  }
  throw new Error(`${text} was not refused as it should be`);
}

describe("a file of settings", () => {
  const yaml = `
# What is made up for
default: false
settings:
  gentle: { maxRuns: 10 }
  always: &always true
dags:
  sales: *always
  orders: gentle
  1: { since: 2026-10-01, window: 7d, maxRuns: 100 }
`;
  const json = {
    default: false,
    settings: { gentle: { maxRuns: 10 }, always: true },
    dags: { sales: true, orders: { maxRuns: 10 }, 1: { since: "2026-10-01", window: "7d", maxRuns: 100 } },
  };

  test("is the same in YAML and JSON", () => {
    const read = parseSettingsDocument(yaml, "x.yaml");
    expect(read).toEqual(parseSettingsDocument(JSON.stringify(json), "x.JSON"));
    expect([...read.dags]).toEqual(Object.entries(json.dags));
    expect([read.default, ...read.settings]).toEqual([false, ["gentle", { maxRuns: 10 }], ["always", true]]);
  });

  test.each([
    ["", "it is empty"],
    [" \n", "it is empty"],
    ["true", "at least one of them"],
    ["- default", "at least one of them"],
    ["default: yes", "default: true, false, bounds or the name of one of the settings"],
    ["defaults: true", "defaults: only default, dags and settings are known"],
    ["dags: true", "dags: settings by their names"],
    ["dags: { '../etc': true }", "dags.../etc: this is not the id of a DAG"],
    ["dags: { a: { since: 2026-02-31 } }", "dags.a.since: an ISO date"],
    ["dags: { a: { since: -30d } }", "dags.a.since: an ISO date"],
    ["dags: { a: { window: 0s } }", "dags.a.window: a duration"],
    ["dags: { a: { window: -1h } }", "dags.a.window: a duration"],
    ["dags: { a: { window: } }", "dags.a.window: a duration"],
    ["dags: { a: { maxRuns: 1.5 } }", "dags.a.maxRuns: a whole number"],
    ["dags: { a: { maxruns: 1 } }", "dags.a.maxruns: there is no such bound"],
    ["dags: { a: }", "dags.a: true, false or"],
    ["dags: { a: [true] }", "dags.a: true, false or"],
    ["settings: { a: b, b: true }", "settings.a: true, false or"],
    ["dags: { a: tr", "it is not YAML that can be read"],
    ["dags:\n  a: true\n  a: false", "DUPLICATE_KEY"],
    ["default: true\n---\ndefault: false", "MULTIPLE_DOCS"],
    ["default: !secret x", "TAG_RESOLVE_FAILED"],
    ["default: *nobody", "aliases that lead nowhere"],
  ])("%j is refused", (text, why) => {
    expect(whyRefused(text)).toContain(why);
  });

  test("names every mistake, up to ten", () => {
    const text = `dags: { ${Array.from({ length: 12 }, (_, no) => `d${no}: 5`).join(", ")} }`;
    const why = whyRefused(text);
    expect(why.split("; ")).toHaveLength(11);
    expect(why).toMatch(/; and 2 more$/);
  });

  test("says where JSON breaks", () => {
    expect(whyRefused('{\n  "default": tru }', "x.json")).toMatch(/^it is not JSON/);
  });

  test("is told nothing of what stands in it", () => {
    for (const text of [
      `default: ${secret}`,
      `default: { since: ${secret} }`,
      `dags: { a: { maxRuns: "${secret}" } }`,
      `dags: { a: "${secret}`,
      `dags:\n\t${secret}: true`,
      `&${secret} ${secret}: *x${secret}`,
    ])
      expect(whyRefused(text)).not.toContain(secret);
    for (const text of [`{ "default": ${secret} }`, `{ "default": "${secret}`, secret])
      expect(whyRefused(text, "x.json")).not.toContain(secret);
  });

  test("does not grow in memory or time by aliases or nesting", () => {
    const bomb = ["a0: &a0 [x, x]"];
    for (let no = 1; no < 30; no++) bomb.push(`a${no}: &a${no} [*a${no - 1}, *a${no - 1}]`);
    expect(whyRefused(bomb.join("\n"))).toContain("too many");
    expect(whyRefused("[".repeat(20_000))).toContain("not YAML");
    expect(whyRefused(`{ "default": ${"[".repeat(20_000)}`, "x.json")).toContain("not JSON");
  });

  test("names of what all objects have are names like others", () => {
    const text = '{ "dags": { "constructor": true, "toString": { "maxRuns": 1 } } }';
    const { dags } = parseSettingsDocument(text, "x.json");
    expect([...dags]).toEqual([
      ["constructor", true],
      ["toString", { maxRuns: 1 }],
    ]);
    expect(whyRefused("dags: { a: constructor }")).toContain("dags.a: true, false, bounds");
    expect(whyRefused("dags: { a: { constructor: 1 } }")).toContain("dags.a.constructor: there is no such bound");
    expect(whyRefused('{ "dags": { "a": { "__proto__": { "maxRuns": 1 } } } }', "x.json")).toContain("no such");
  });

  test("any text is read or refused, and what is cut off is never read as something else", () => {
    const values = fc.oneof(
      fc.boolean(),
      fc.record({ maxRuns: fc.integer({ min: 1, max: 1e6 }) }),
      fc.record({ window: fc.constantFrom("1h", "7d"), since: fc.constantFrom("2026-10-01", "2026-10-01T00:00:00Z") }),
    );
    const documents = fc.record({
      default: values,
      dags: fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/), values, { maxKeys: 5 }),
    });
    fc.assert(
      fc.property(documents, fc.nat(), (document, cut) => {
        const text = JSON.stringify(document);
        const { dags, default: byDefault } = parseSettingsDocument(text, "x.yaml");
        expect({ default: byDefault, dags: Object.fromEntries(dags) }).toEqual(document);
        whyRefused(text.slice(0, cut % text.length));
      }),
      { numRuns: 50 },
    );
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
        try {
          parseSettingsDocument(text, "x.yaml");
        } catch (error) {
          expect(isMillraceError(error, "CATCHUP_FILE_INVALID")).toBe(true);
        }
      }),
    );
  });
});
