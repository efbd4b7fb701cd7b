import { describe, expect, it, vi } from "vitest";
import { inNode, projectWith } from "./in-node.ts";

// Every case starts a Node of its own, and the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

const plugin = new URL("../../src/plugin.ts", import.meta.url).href;

/** A package of the project whose stage puts a letter before the bytes. */
const letterStage = `import { definePlugin, memoryStore } from ${JSON.stringify(plugin)};
const check = (value) => {
  const issues = [];
  if ("letter" in value && typeof value.letter !== "string") issues.push({ message: "a letter is expected", path: ["letter"] });
  if ("token" in value && value.token.length < 3) issues.push({ message: "it is too short", path: ["token"] });
  for (const key of Object.keys(value)) if (!["letter", "token"].includes(key)) issues.push({ message: "there is no such option", path: [key] });
  return issues.length > 0 ? { issues } : { value: { letter: "x", ...value } };
};
export const manifest = definePlugin({
  kind: "xcom-stage", name: "xcom-letter", contractVersion: 1, marker: "_xcom_letter",
  options: { "~standard": { version: 1, vendor: "test", validate: check } },
  env: [
    { key: "MILLRACE_LETTER", option: "letter", says: "the letter" },
    { key: "MILLRACE_LETTER_TOKEN", option: "token", says: "a secret", secret: true },
  ],
  create: ({ letter }, context) => ({
    kind: "stage", name: "letter", marker: "_xcom_letter", bytesField: "data", effect: "other",
    write: async (bytes) => ({ envelope: { _xcom_letter: true, letter, home: context.home }, bytes: Buffer.concat([Buffer.from(letter), bytes]) }),
    read: async (bytes) => bytes.subarray(1),
  }),
});`;

const project = (config: string, more: Readonly<Record<string, string>> = {}): string =>
  projectWith({
    "millrace.config.mjs": config,
    "node_modules/xcom-letter/package.json": `{ "name": "xcom-letter", "version": "1.0.0", "type": "module", "exports": "./index.js" }`,
    "node_modules/xcom-letter/index.js": letterStage,
    ...more,
  });

const written = `const config = await engine.loadConfig({});
const xcom = await engine.resolveXComBackend(config);
const stored = await xcom.backend.serialize("hi", { dagId: "d", runId: "r", taskId: "t", mapIndex: -1, key: "k" });
result = { stored, parts: xcom.parts.length, readers: xcom.readers.length };`;

const failure = (code: string): string =>
  `await (async () => { ${code} })().catch((error) => { result = { code: error.code, message: error.message }; });`;

describe("plug-ins by name", () => {
  it("are resolved from the folder of the config file, even when the process stands elsewhere", () => {
    const folder = project(`export default { xcom: { backend: "xcom-letter" } };`);
    const elsewhere = projectWith({});
    const result = inNode(
      elsewhere,
      written.replace("loadConfig({})", `loadConfig({ config: ${JSON.stringify(folder)} })`),
    );
    expect(result).toMatchObject({
      stored: { _xcom_letter: true, letter: "x", home: `${folder}/.millrace` },
      parts: 1,
      readers: 0,
    });
  });

  it("take options from the pair, from parts and from the environment, the later the stronger", () => {
    const inParts = project(
      `export default { xcom: { backend: ["xcom-letter"], parts: { "xcom-letter": { letter: "p" } } } };`,
    );
    expect(inNode(inParts, written)).toMatchObject({ stored: { letter: "p" } });
    const inPair = project(
      `export default { xcom: { backend: [["xcom-letter", { letter: "q" }]], parts: { "xcom-letter": { letter: "p" } } } };`,
    );
    expect(inNode(inPair, written)).toMatchObject({ stored: { letter: "q" } });
    expect(inNode(inPair, written, { MILLRACE_LETTER: "e" })).toMatchObject({ stored: { letter: "e" } });
  });

  it("only read when they are named in parts and not in the backend", () => {
    const folder = project(`export default { xcom: { parts: { "xcom-letter": {} } } };`);
    expect(inNode(folder, written)).toEqual({ stored: '"hi"', parts: 0, readers: 1 });
  });

  it("may be switched by the environment alone", () => {
    const folder = project(`export default { xcom: { backend: "xcom-letter" } };`);
    expect(inNode(folder, written, { MILLRACE_XCOM_BACKEND: "none" })).toMatchObject({ stored: '"hi"' });
    expect(inNode(project("export default {};"), written, { MILLRACE_XCOM_BACKEND: "xcom-letter" })).toMatchObject({
      parts: 1,
    });
  });

  it("may be local modules", () => {
    const folder = project(`export default { xcom: { backend: "./parts/letter.js" } };`, {
      "parts/letter.js": letterStage,
    });
    expect(inNode(folder, written)).toMatchObject({ parts: 1 });
  });

  it("have every wrong option listed, secrets masked, variables by their name", () => {
    const folder = project(
      `export default { xcom: { backend: [["xcom-letter", { letter: 5, colour: "red", token: "ab" }]] } };`,
    );
    const result = inNode(folder, failure(written)) as { readonly code: string; readonly message: string };
    expect(result.code).toBe("PLUGIN_OPTIONS_INVALID");
    expect(result.message.split("\n").slice(1)).toEqual([
      "  - letter: a letter is expected (it is 5)",
      "  - token: it is too short (it is ***)",
      '  - colour: there is no such option (it is "red")',
    ]);
    expect(inNode(folder, failure(written), { MILLRACE_LETTER_TOKEN: "zz" })).toMatchObject({
      message: expect.stringContaining("MILLRACE_LETTER_TOKEN: it is too short (it is ***)"),
    });
  });

  it("that say themselves what is wrong when they are made are heard, and others are named", () => {
    const throwing = (error: string): string =>
      letterStage.replace(
        "create: ({ letter }, context) => ({",
        `create: () => { throw ${error}; }, made: ({ letter }, context) => ({`,
      );
    const coded = `defineErrors({ LETTER_GONE: { says: "The letter is gone", cure: "Write another." } })("LETTER_GONE")`;
    const made = (error: string) =>
      inNode(
        project(`export default { xcom: { backend: "xcom-letter" } };`, {
          "node_modules/xcom-letter/index.js": `import { defineErrors } from ${JSON.stringify(plugin)};\n${throwing(error)}`,
        }),
        failure(written),
      );
    expect(made(coded)).toEqual({ code: "LETTER_GONE", message: "The letter is gone" });
    expect(made(`new Error("no paper")`)).toEqual({
      code: "PLUGIN_FAILED",
      message: expect.stringContaining("no paper"),
    });
  });

  it("of services are made with their options and the place of the config, beside live ones, in the order given", () => {
    const service = `import { definePlugin } from ${JSON.stringify(plugin)};
const options = (value) => "pin" in value ? { issues: [{ message: "no pin", path: ["pin"] }] } : { value: { size: 1, ...value } };
export const manifest = definePlugin({
  kind: "service", name: "bell", contractVersion: 1,
  options: { "~standard": { version: 1, vendor: "test", validate: options } }, secretOptions: ["to"],
  create: (options, { home }) => options.size === 0 ? { name: "half", start() {} } : { name: "bell", options, home, start() {}, stop() {} },
});`;
    const config = (options: string) =>
      project(
        `const live = { name: "live", start() {}, stop() {} };\nexport default { services: [live, ["./bell.js", ${options}]] };`,
        { "bell.js": service },
      );
    const used = `const config = await engine.loadConfig({});
const explained = (await engine.explainConfig(config)).settings.filter(({ setting }) => setting.startsWith("services"));
result = { made: (await engine.resolveServices(config)).services, explained: explained.map(({ setting, value }) => [setting, value]) };`;
    const folder = config(`{ size: 3, to: "hidden" }`);
    expect(inNode(folder, used)).toEqual({
      made: [{ name: "live" }, { name: "bell", options: { size: 3, to: "hidden" }, home: `${folder}/.millrace` }],
      explained: [
        ["services", ["a live object (live)", "./bell.js"]],
        ["services../bell.js.size", 3],
        ["services../bell.js.to", "***"],
      ],
    });
    const made = `await engine.resolveServices(await engine.loadConfig({}))`;
    expect(inNode(config(`{ pin: 1 }`), failure(made))).toMatchObject({ code: "PLUGIN_OPTIONS_INVALID" });
    expect(inNode(config(`{ size: 0 }`), failure(made))).toMatchObject({
      code: "PLUGIN_INVALID",
      message: expect.stringContaining("no Millrace plug-in for a service"),
    });
  });

  it("of stores can be looked over, migrated and backed up with the options and the place of the config", () => {
    const storeWith = (offers: string): string => `import { definePlugin, memoryStore } from ${JSON.stringify(plugin)};
export const manifest = definePlugin({
  kind: "store", name: "shelf", contractVersion: 1, create: () => memoryStore(), ${offers}
  options: { "~standard": { version: 1, vendor: "test", validate: (value) => ({ value: { size: 1, ...value } }) } },
});`;
    const used = `const store = await engine.resolveStore(await engine.loadConfig({}));
result = [await store.inspect?.({ deep: true }), await store.migrate?.(), await store.backup?.("/copy")];`;
    const config = `export default { store: ["./shelf.js", { size: 3 }] };`;
    const offers = `inspect: async (...given) => given, migrate: async (...given) => given, backup: async (...given) => given,`;
    const folder = project(config, { "shelf.js": storeWith(offers) });
    const context = expect.objectContaining({ home: `${folder}/.millrace`, baseDir: folder, env: expect.any(Object) });
    expect(inNode(folder, used)).toEqual([
      [{ size: 3 }, context, { deep: true }],
      [{ size: 3 }, context],
      [{ size: 3 }, context, "/copy"],
    ]);
    expect(inNode(project(config, { "shelf.js": storeWith("") }), used)).toEqual([null, null, null]);
    expect(inNode(project(`export default { store: "memory" };`), used)).toEqual([null, null, null]);
  });

  it.each([
    ["missing", "no-such-plug-in", "PLUGIN_NOT_FOUND", "npm install"],
    ["no plug-in at all", "plain", "PLUGIN_INVALID", "exports no manifest"],
    ["of the wrong kind", "./letter.js", "PLUGIN_INVALID", "its kind is"],
    ["broken", "broken", "PLUGIN_FAILED", "no luck"],
  ])("that are %s have a coded error", (_, name, code, text) => {
    const folder = project(`export default { store: ${JSON.stringify(name)} };`, {
      "letter.js": letterStage,
      "node_modules/plain/package.json": `{ "name": "plain", "type": "module", "exports": "./index.js" }`,
      "node_modules/plain/index.js": "export default 1;",
      "node_modules/broken/package.json": `{ "name": "broken", "type": "module", "exports": "./index.js" }`,
      "node_modules/broken/index.js": `throw new Error("no luck");`,
    });
    const result = inNode(
      folder,
      `await engine.resolveStore(await engine.loadConfig({})).catch((error) => { result = { code: error.code, text: error.message + error.cure }; });`,
    );
    expect(result).toMatchObject({ code, text: expect.stringContaining(text) });
  });

  it("written for another version of the contract are refused", () => {
    const folder = project(`export default { xcom: { backend: "./old.js" } };`, {
      "old.js": letterStage.replace("contractVersion: 1", "contractVersion: 2"),
    });
    expect(inNode(folder, failure(written))).toMatchObject({
      code: "PLUGIN_INVALID",
      message: expect.stringContaining("version 2 of the contract"),
    });
  });
});

describe("a configuration file that cannot be loaded", () => {
  it.each([
    ["TypeScript that Node cannot run", "enum Colour { Red }\nexport default { Colour };", "erasableSyntaxOnly"],
    ["a missing local file", `import { a } from "./nowhere.ts";\nexport default a;`, "nowhere.ts', which is not there"],
    ["a missing package", `import a from "nowhere";\nexport default a;`, "imports 'nowhere', which is not there"],
    ["what it throws", `throw new Error("no luck");`, "no luck"],
    ["what is no Error", `throw "luck";`, 'it threw "luck", which is no Error'],
  ])("says why: %s", (_, text, why) => {
    const folder = projectWith({ "millrace.config.ts": text });
    expect(inNode(folder, failure("await engine.loadConfig({});"))).toMatchObject({
      code: "CONFIG_LOAD_FAILED",
      message: expect.stringContaining(why),
    });
  });

  it("says what to do in a project that is CommonJS", () => {
    const folder = projectWith({
      "package.json": `{ "type": "commonjs" }`,
      "millrace.config.ts": "export default {};",
    });
    expect(inNode(folder, failure("await engine.loadConfig({});"))).toMatchObject({
      message: expect.stringContaining('set "type": "module" there'),
    });
  });
});

describe("explainConfig", () => {
  it("tells every value and where it came from, with secrets masked", () => {
    const folder = project(
      `export default { store: "memory", concurrency: 3, xcom: { backend: [["xcom-letter", { token: "abcdef" }]] } };`,
    );
    const result = inNode(folder, `result = await engine.explainConfig(await engine.loadConfig({}));`, {
      MILLRACE_LETTER: "m",
      MILLRACE_LETTER_TOKEN: "topsecret",
      MILLRACE_DAGS: "./elsewhere",
      MILLRACE_HOEM: "typo",
    }) as {
      readonly settings: readonly { readonly setting: string; readonly value: unknown; readonly origin: unknown }[];
    };
    const bySetting = Object.fromEntries(result.settings.map(({ setting, ...rest }) => [setting, rest]));
    expect(bySetting.store).toEqual({ value: "memory", origin: { source: "file" } });
    expect(bySetting.dags).toEqual({ value: `${folder}/elsewhere`, origin: { source: "env", name: "MILLRACE_DAGS" } });
    expect(bySetting.home).toEqual({ value: `${folder}/.millrace`, origin: { source: "default" } });
    expect(bySetting["xcom.xcom-letter.letter"]).toEqual({
      value: "m",
      origin: { source: "env", name: "MILLRACE_LETTER" },
    });
    expect(bySetting["xcom.xcom-letter.token"]).toEqual({
      value: "***",
      origin: { source: "env", name: "MILLRACE_LETTER_TOKEN" },
    });
    expect(result).toMatchObject({ unknownKeys: ["MILLRACE_HOEM"], problems: [] });
    expect(JSON.stringify(result)).not.toMatch(/topsecret|abcdef/);
  });

  it("reports a plug-in that cannot be loaded and still tells the rest", () => {
    const folder = project(`export default { store: "gone", concurrency: 3 };`);
    expect(
      inNode(
        folder,
        `const { problems, settings } = await engine.explainConfig(await engine.loadConfig({})); result = { codes: problems.map(({ code }) => code), untold: ["dags", "store", "pools", "concurrency", "maxCrashes"].filter((name) => !settings.some(({ setting }) => setting === name)) };`,
      ),
    ).toEqual({
      codes: ["PLUGIN_NOT_FOUND"],
      untold: [],
    });
  });
});
