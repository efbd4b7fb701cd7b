/** What a template is told. */
export interface TemplateFacts {
  readonly name: string;
  /** Version ranges by package. */
  readonly versions: Readonly<Record<"@millrace/core" | "@millrace/store-sqlite" | "millrace", string>>;
}

/** Texts of the new files by their paths. */
export type TemplateFiles = Readonly<Record<string, string>>;

/** A typed DAG with params, its test, and a config that leaves everything at its default. */
export function basicTemplate({ name, versions }: TemplateFacts): TemplateFiles {
  const manifest = {
    name,
    version: "0.0.0",
    private: true,
    type: "module",
    engines: { node: ">=24" },
    scripts: { start: "millrace run hello", test: "node --test", typecheck: "tsc" },
    dependencies: { ...versions, zod: "^4.0.0" },
    devDependencies: { "@types/node": "^24.0.0", typescript: "^6.0.0" },
  };
  return {
    "package.json": `${JSON.stringify(manifest, null, 2)}\n`,
    "tsconfig.json": tsconfig,
    "millrace.config.ts": config,
    "dags/hello.ts": dag,
    "test/hello.test.ts": test,
    ".gitignore": "node_modules/\n.millrace/\n",
    "README.md": readme(name),
  };
}

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
import { createEngine } from "@millrace/core/engine";
import { memoryStore } from "@millrace/core/plugin";
import hello from "../dags/hello.ts";

test("greets whom it is told to", async () => {
  await using engine = await createEngine({ dags: [hello], store: memoryStore() });
  const result = await engine.run(hello, { params: { name: "Ada" } });
  assert.equal(result.state, "success");
  assert.deepEqual(await result.xcom("report"), { text: "Hello Ada!", letters: 3 });
});
`;

function readme(name: string): string {
  return `# ${name}

A [Millrace](https://www.npmjs.com/package/millrace) project.

| command | what it does |
|---|---|
| \`npx millrace run hello\` | runs the DAG of \`dags/hello.ts\` |
| \`npx millrace run hello --params '{"name":"Ada"}'\` | with params |
| \`npx millrace runs list\` | what ran |
| \`npx millrace tasks logs hello latest\` | what the tasks logged |
| \`npx millrace xcom get hello latest report\` | what a task returned |
| \`npx millrace dags show hello\` | draws the DAG |
| \`npm test\` | tests it, in memory |
| \`npx millrace doctor\` | checks the installation |

Runs and results are kept in \`.millrace/\`. New DAGs go into files below \`dags/\`: everything a file exports and
\`dag(...)\` made is found.
`;
}
