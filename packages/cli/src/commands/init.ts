import { readFileSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { defineCommand } from "../command.ts";
import { cliError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { basicTemplate, type TemplateFacts, type TemplateFiles } from "../init/basic-template.ts";
import { contentOf, writeProject } from "../init/write-project.ts";
import { packageFacts } from "../package-facts.ts";
import type { Session } from "../session.ts";

const templates: Readonly<Record<string, (facts: TemplateFacts) => TemplateFiles>> = { basic: basicTemplate };

export default defineCommand({
  about:
    "Writes a config, a first DAG, its test and what npm and TypeScript need. Files that exist are kept as they are.",
  arguments: [{ name: "[dir]", says: "folder of the project (default: this one)" }],
  options: [
    {
      flags: "--template <name>",
      says: `what to begin with: ${Object.keys(templates).join(", ")}`,
      default: "basic",
      completes: Object.keys(templates),
    },
    { flags: "-y, --yes", says: "ask nothing" },
  ],
  examples: [
    ["millrace init demo", "a new project in ./demo"],
    ["millrace init --yes", "here, without a question"],
  ],
  async run(session, given) {
    const template = given.text("template");
    if (!Object.hasOwn(templates, template))
      throw cliError("TEMPLATE_UNKNOWN", { template, known: Object.keys(templates).join(", ") });
    const { cwd } = session.io;
    const folder = resolve(cwd, given.textOr("dir", "."));
    const files = templates[template]({ name: packageNameOf(folder), versions: versions() });
    if (!(await mayWrite(session, folder, given.flag("yes")))) {
      session.note("Nothing was written.");
      return exitCodes.failed;
    }
    const { created, kept } = writeProject(folder, files);
    const place = relative(cwd, folder);
    const install =
      kept.includes("package.json") && !hasMillrace(folder)
        ? "npm install millrace @millrace/core @millrace/store-sqlite zod"
        : "npm install";
    const next = [
      ...(place === "" ? [] : [`cd ${/^[\w./-]+$/.test(place) ? place : JSON.stringify(place)}`]),
      install,
      "npx millrace run hello",
    ];
    const { style } = session;
    session.print({ folder, created, kept, next }, () => [
      created.length === 0
        ? `${style.dim("–")} Everything is there already in ${folder}`
        : `${style.good("✓")} Made ${style.bold(folder)}`,
      ...created.map((name) => `  ${style.good("+")} ${name}`),
      ...kept.map((name) => `  ${style.dim(`= ${name} (kept as it was)`)}`),
      "",
      "Next:",
      ...next.map((command) => `  ${style.accent(command)}`),
    ]);
    if (kept.includes("package.json") && !isModulePackage(folder)) {
      session.warn(
        'The package.json that was kept does not say "type": "module".',
        "Add it, so that Node loads DAG files as ES modules.",
      );
    }
    return exitCodes.ok;
  },
});

async function mayWrite(session: Session, folder: string, isSure: boolean): Promise<boolean> {
  const content = contentOf(folder).filter((name) => name !== ".git");
  if (content.length === 0 || isSure || !session.io.canAsk) return true;
  const { createInterface } = await import("node:readline/promises");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${folder} is not empty. Add the files that are missing? [Y/n] `);
    return !/^n/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

function versions(): TemplateFacts["versions"] {
  const { version, dependencies } = packageFacts();
  // Inside the workspace the ranges say so; a published package names real ones.
  const range = (name: string): string =>
    dependencies[name]?.startsWith("workspace:") ? `^${version}` : (dependencies[name] ?? `^${version}`);
  return {
    "@millrace/core": range("@millrace/core"),
    "@millrace/store-sqlite": range("@millrace/store-sqlite"),
    millrace: `^${version}`,
  };
}

function packageNameOf(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9._~-]+/g, "-")
    .replace(/^[._-]+|-+$/g, "");
  return name === "" ? "millrace-project" : name.slice(0, 200);
}

function isModulePackage(folder: string): boolean {
  return manifestOf(folder).type === "module";
}

function hasMillrace(folder: string): boolean {
  const { dependencies, devDependencies } = manifestOf(folder);
  return [dependencies, devDependencies].some(
    (list) => typeof list === "object" && list !== null && "millrace" in list,
  );
}

function manifestOf(folder: string): Readonly<Record<string, unknown>> {
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    return typeof manifest === "object" && manifest !== null ? (manifest as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
