import { resolve } from "node:path";
import { defineCommand } from "../command.ts";
import { cliError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { basicTemplate, pnpmSettings, type TemplateFacts, type TemplateFiles } from "../init/basic-template.ts";
import { nextSteps } from "../init/next-steps.ts";
import { lookAround, packageNameOf, type Surroundings } from "../init/surroundings.ts";
import { writeProject } from "../init/write-project.ts";
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
    { flags: "-y, --yes", says: "ask nothing; also add to a folder that is not empty" },
  ],
  examples: [
    ["millrace init demo", "a new project in ./demo"],
    ["millrace init --yes", "here, without a question"],
  ],
  async run(session, given) {
    const template = given.text("template");
    if (!Object.hasOwn(templates, template))
      throw cliError("TEMPLATE_UNKNOWN", { template, known: Object.keys(templates).join(", ") });
    const folder = resolve(session.io.cwd, given.textOr("dir", "."));
    const around = lookAround(folder, session.io.env);
    if (!given.flag("yes") && !(await mayAddTo(session, around))) {
      session.note("Nothing was written.");
      return exitCodes.failed;
    }
    const files = templates[template]({ name: packageNameOf(folder), versions: versions() });
    const isPnpmsOwn = around.packageManager === "pnpm" && around.workspace === undefined;
    const { created, kept } = writeProject(folder, isPnpmsOwn ? { ...files, ...pnpmSettings } : files);
    const { commands, warnings } = nextSteps(around, session.io.cwd);
    const { style } = session;
    session.print({ folder, created, kept, next: commands }, () => [
      created.length === 0
        ? `${style.dim("–")} Everything is there already in ${folder}`
        : `${style.good("✓")} Made ${style.bold(folder)}`,
      ...created.map((name) => `  ${style.good("+")} ${name}`),
      ...kept.map((name) => `  ${style.dim(`= ${name} (kept as it was)`)}`),
      "",
      "Next:",
      ...commands.map((command) => `  ${style.accent(command)}`),
    ]);
    for (const { text, cure } of warnings) session.warn(text, cure);
    return exitCodes.ok;
  },
});

/** @throws `FOLDER_NOT_EMPTY` where nobody can be asked */
async function mayAddTo(session: Session, { folder, content }: Surroundings): Promise<boolean> {
  if (content.length === 0) return true;
  const what = `${content.slice(0, 3).join(", ")}${content.length > 3 ? ` and ${content.length - 3} more` : ""}`;
  if (!session.io.canAsk) throw cliError("FOLDER_NOT_EMPTY", { path: folder, what });
  const { createInterface } = await import("node:readline/promises");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${folder} is not empty (${what}). Add the files that are missing? [Y/n] `);
    return !/^n/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

function versions(): TemplateFacts["versions"] {
  const { version, dependencies, devDependencies } = packageFacts();
  // Inside the workspace the ranges say so; a published package names real ones.
  const range = (name: string): string => {
    const known = dependencies[name] ?? devDependencies[name] ?? "workspace:";
    return known.startsWith("workspace:") ? `^${version}` : known;
  };
  return {
    "@millrace/core": range("@millrace/core"),
    "@millrace/store-sqlite": range("@millrace/store-sqlite"),
    "@millrace/testing": range("@millrace/testing"),
    millrace: `^${version}`,
  };
}
