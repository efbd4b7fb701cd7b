import { relative } from "node:path";
import { toolVersions } from "./basic-template.ts";
import type { Surroundings } from "./surroundings.ts";

/** What stands between a project that was just written and its first run. */
export interface NextSteps {
  /** Commands for a shell, in order. */
  readonly commands: readonly string[];
  /** What the files that were kept lack, with the cure. */
  readonly warnings: readonly { readonly text: string; readonly cure: string }[];
}

/** The steps to the first run; `cwd` is where the user stands. */
export function nextSteps({ folder, manifest, packageManager, workspace }: Surroundings, cwd: string): NextSteps {
  const place = relative(cwd, folder);
  const isPnpm = packageManager === "pnpm";
  const warnings = [];
  if (manifest !== undefined && manifest.type !== "module")
    warnings.push({
      text: 'The package.json that was kept does not say "type": "module".',
      cure: `Say so, that Node takes .ts and .js files for ES modules: ${packageManager} pkg set type=module`,
    });
  if (workspace !== undefined)
    warnings.push({
      text: `This is inside the pnpm workspace ${workspace}.`,
      cure: "Add the folder to `packages` of its pnpm-workspace.yaml, or install with `pnpm install --ignore-workspace`.",
    });
  return {
    commands: [
      ...(place === "" ? [] : [`cd ${forShell(place)}`]),
      ...installing(manifest, isPnpm),
      `${isPnpm ? "pnpm" : "npx"} millrace run hello`,
    ],
    warnings,
  };
}

function installing(manifest: Surroundings["manifest"], isPnpm: boolean): string[] {
  if (manifest === undefined || depends(manifest)) return [isPnpm ? "pnpm install" : "npm install"];
  const [add, addForTests] = isPnpm ? ["pnpm add", "pnpm add -D"] : ["npm install", "npm install -D"];
  const { zod: _, ...tools } = toolVersions;
  return [
    `${add} millrace @millrace/core @millrace/store-sqlite zod`,
    `${addForTests} @millrace/testing ${Object.keys(tools).join(" ")}`,
  ];
}

function depends({ dependencies, devDependencies }: Readonly<Record<string, unknown>>): boolean {
  return [dependencies, devDependencies].some(
    (list) => typeof list === "object" && list !== null && Object.hasOwn(list, "millrace"),
  );
}

/** A path as one word, and as no option. */
function forShell(path: string): string {
  const text = path.startsWith("-") ? `./${path}` : path;
  return /^[\w./+@:,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
