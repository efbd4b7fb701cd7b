/** What a template is told. */
export interface TemplateFacts {
  readonly name: string;
  /** Version ranges by package. */
  readonly versions: Readonly<
    Record<"@millrace/core" | "@millrace/store-sqlite" | "@millrace/testing" | "millrace", string>
  >;
}

/** Texts of the new files by their paths. */
export type TemplateFiles = Readonly<Record<string, string>>;

/** What the project needs beside Millrace itself. */
export const toolVersions = { zod: "^4.0.0", "@types/node": "^24.0.0", typescript: "^6.0.0" } as const;

/** pnpm wants to be told of every package that would run a script when it is installed. */
export const pnpmSettings: TemplateFiles = {
  "pnpm-workspace.yaml":
    "# esbuild works without the script that it would run after its installation.\nallowBuilds:\n  esbuild: false\n",
};

/** A typed DAG with params, its test, and a config that leaves everything at its default. */
export function basicTemplate({ name, versions }: TemplateFacts): TemplateFiles {
  const { "@millrace/testing": testing, ...forRuns } = versions;
  const { zod, ...tools } = toolVersions;
  const manifest = {
    name,
    version: "0.0.0",
    private: true,
    type: "module",
    engines: { node: ">=24" },
    scripts: {
      start: "millrace run hello",
      test: "node --test",
      typecheck: "tsc",
      check: "tsc && millrace dags validate && node --test",
    },
    dependencies: { ...forRuns, zod },
    devDependencies: { "@millrace/testing": testing, ...tools },
  };
  return {
    "package.json": `${JSON.stringify(manifest, null, 2)}\n`,
    "tsconfig.json": tsconfig,
    "millrace.config.ts": config,
    "dags/hello.ts": dag,
    "test/hello.test.ts": test,
    ".gitignore": "node_modules/\n.millrace/\nsecrets.yaml\n",
    "README.md": readme(name),
  };
}

// Node runs the files as they are, tests among them: what it could not run is a mistake for the compiler as well.
const tsconfig = `{
  "compilerOptions": {
    "strict": true,
    "noEmit": true,
    "target": "ES2024",
    "lib": ["ES2024", "DOM"],
    "types": ["node"],
    "module": "NodeNext",
    "moduleResolution": "NodeNext",
    "verbatimModuleSyntax": true,
    "erasableSyntaxOnly": true,
    "allowImportingTsExtensions": true,
    "skipLibCheck": true
  },
  "include": ["dags", "test", "*.ts"]
}
`;

const config = `import { defineConfig } from "@millrace/core";

// Every setting has a default; \`npx millrace config explain\` prints them all.
export default defineConfig({
  dags: "./dags",
});
`;

const dag = `import { dag } from "@millrace/core";
import { z } from "zod";

export default dag(
  "hello",
  {
    description: "Greets somebody, twice",
    params: z.object({ name: z.string().default("world") }),
    tags: ["example"],
  },
  (d) => {
    // What a task returns goes to the tasks that name it as their input. The types follow.
    const name = d.task("name", ({ params }) => params.name);

    const greet = d.task("greet", { input: name, retries: 2 }, ({ input, log }) => {
      log.info(\`Hello \${input}!\`);
      return \`Hello \${input}!\`;
    });

    const count = d.task("count", { input: name }, ({ input }) => input.length);

    d.task("report", { input: { greet, count } }, ({ input }) => {
      return { text: input.greet, letters: input.count };
    });
  },
);
`;

const test = `import assert from "node:assert/strict";
import { test } from "node:test";
import { testDag } from "@millrace/testing";
import hello from "../dags/hello.ts";

test("greets whom it is told to", async () => {
  const result = await testDag(hello, { params: { name: "Ada" } });
  assert.deepEqual(result.orThrow().value("report"), { text: "Hello Ada!", letters: 3 });
});

test("tries three times to greet, and reports nothing without a greeting", async () => {
  // Retries wait for a minute and more; the clock of a test jumps over that.
  const result = await testDag(hello, { mock: { greet: new Error("nobody there") } });
  assert.equal(result.tasks.greet?.attempts, 3);
  assert.equal(result.tasks.report?.state, "upstream_failed");
});
`;

function readme(name: string): string {
  return `# ${name}

A [Millrace](https://www.npmjs.com/package/millrace) project.

| command | what it does |
|---|---|
| \`npm start\` | runs the DAG of \`dags/hello.ts\` |
| \`npx millrace run hello --params '{"name":"Ada"}'\` | with params |
| \`npx millrace runs list\` | what ran |
| \`npx millrace tasks logs hello latest\` | what the tasks logged |
| \`npx millrace xcom get hello latest report\` | what a task returned |
| \`npx millrace dags show hello\` | draws the DAG |
| \`npm test\` | tests it, in memory and without waiting |
| \`npm run check\` | types, DAG files and tests |
| \`npx millrace doctor\` | checks the installation |

Runs and results are kept in \`.millrace/\`. New DAGs go into files below \`dags/\`: everything a file exports and
\`dag(...)\` made is found.
`;
}
