import { readFileSync } from "node:fs";
import { configFileNames, environmentKeys, explainConfig, loadConfig } from "@millrace/core/engine";
import { manifest } from "@millrace/store-sqlite";
import { describe, expect, it } from "vitest";
import { catalogue } from "../src/command-table.ts";
import { exitCodes } from "../src/exit-codes.ts";
import { globalOptions } from "../src/global-options.ts";

const configuration = readFileSync(new URL("../../../docs/configuration.md", import.meta.url), "utf8");
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const rowsOf = (text: string): string[] => [...text.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name);

describe("docs/configuration.md", () => {
  it("has every setting, and no other", async () => {
    const { settings } = await explainConfig(await loadConfig({ cwd: "/", env: { MILLRACE_STORE: "memory" } }));
    const names = [...settings.map(({ setting }) => setting), "xcom.parts"].sort();
    const documented = rowsOf(configuration.split("### `@millrace/store-sqlite`")[0]).sort();
    expect(documented).toEqual(names);
  });

  it("has every environment variable, and no other", () => {
    const keys = [...environmentKeys, ...(manifest.env ?? [])].map(({ key }) => key);
    const documented = rowsOf(configuration).filter((name) => name.startsWith("MILLRACE_"));
    expect(documented.sort()).toEqual([...keys, "MILLRACE_DEBUG"].sort());
  });

  it("says which files are looked for", () => {
    for (const name of configFileNames) expect(configuration).toContain(name.slice(name.lastIndexOf(".")));
  });
});

describe("README of the command", () => {
  it("has every command, and no other", () => {
    const paths = catalogue.commands.filter(({ isHidden }) => !isHidden).map(({ path }) => path);
    const documented = rowsOf(readme)
      .filter((name) => name.startsWith("millrace "))
      .map((name) => name.replace(/^millrace /, "").replace(/ [[<].*$/, ""));
    expect(documented.sort()).toEqual(paths.sort());
  });

  it("has every option that all commands take, and every exit code", () => {
    for (const { flags } of globalOptions) expect(readme).toContain(`| \`${flags}\` |`);
    for (const code of Object.values(exitCodes)) expect(readme).toMatch(new RegExp(`^\\| ${code} \\|`, "m"));
  });
});
