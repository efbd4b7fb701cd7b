// Every example that people read works: the ```ts blocks of READMEs and docs and the TSDoc @example blocks of the sources
// are type-checked and run, each in a folder of its own. ```ts no-run is only type-checked (it needs a server, say).
// `node scripts/gates/examples.mjs [text]` takes only the examples whose file name contains the text.
import { execFile } from "node:child_process";
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { node26, root } from "../workspace.mjs";

const timeoutMs = 60_000;
const documents = ["README.md", "packages/*/README.md", "examples/*/README.md", "docs/**/*.md"];
const sources = ["packages/*/src/**/*.ts"];

const faults = [];
const examples = [
  ...documents.flatMap((pattern) =>
    filesLike(pattern).flatMap((file) => blocksOf(file, readFileSync(join(root, file), "utf8"))),
  ),
  ...sources.flatMap((pattern) =>
    filesLike(pattern).flatMap((file) => blocksOf(file, onlyExampleTags(readFileSync(join(root, file), "utf8")))),
  ),
];

const workshop = realpathSync(mkdtempSync(join(tmpdir(), "millrace-examples-")));
try {
  writeExamples();
  linkPackages();
  await typeCheck();
  await runAll(examples.filter(({ noRun }) => !noRun));
} finally {
  rmSync(workshop, { recursive: true, force: true });
}
for (const fault of faults) console.error(`fault ${fault}`);
const ran = examples.filter(({ noRun }) => !noRun).length;
console.log(`${examples.length} examples, ${ran} run, ${faults.length} faults`);
process.exitCode = faults.length > 0 ? 1 : 0;

function filesLike(pattern) {
  const found = globSync(pattern, { cwd: root, exclude: (name) => name === "node_modules" || name === "dist" });
  return found.filter((file) => file.includes(process.argv[2] ?? "")).sort();
}

/** The fenced TypeScript blocks of a Markdown text, each with the line it begins on. */
function blocksOf(file, text) {
  const found = [];
  let open;
  for (const [index, line] of text.split("\n").entries()) {
    const fence = /^(\s*(?:\* ?)?\s*)(```+)(.*)$/.exec(line);
    if (open && fence && fence[2].length >= open.fence.length && fence[3].trim() === "") {
      if (open.wanted) found.push({ file, line: open.line, noRun: open.noRun, code: open.lines.join("\n") });
      open = undefined;
    } else if (open) {
      open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line.replace(/^\s*\*? ?/, ""));
    } else if (fence) {
      const [language, ...marks] = fence[3].trim().split(/\s+/);
      const wanted = language === "ts" || language === "typescript";
      const noRun = marks.length === 1 && marks[0] === "no-run";
      if (wanted && marks.length > 0 && !noRun) {
        faults.push(`${file}:${index + 1}  \`\`\`${fence[3].trim()}: the only mark is no-run`);
      }
      open = { indent: fence[1], fence: fence[2], line: index + 2, wanted, noRun, lines: [] };
    }
  }
  if (open) faults.push(`${file}:${open.line - 1}  this code block never ends`);
  return found;
}

/** The text with everything blanked but the @example parts of its doc comments, so that line numbers stay. */
function onlyExampleTags(text) {
  let inComment = false;
  let inExample = false;
  return text
    .split("\n")
    .map((line) => {
      if (/^\s*\/\*\*/.test(line)) inComment = true;
      if (!inComment) return "";
      const tag = /^\s*(?:\/\*\*|\*)\s*@(\w+)/.exec(line);
      if (tag) inExample = tag[1] === "example";
      const kept = inExample ? line.replace(/\*\/\s*$/, "") : "";
      if (line.includes("*/")) inComment = inExample = false;
      return kept;
    })
    .join("\n");
}

function writeExamples() {
  for (const [index, example] of examples.entries()) {
    example.folder = join(workshop, String(index));
    example.path = join(example.folder, "example.ts");
    mkdirSync(example.folder);
    // Blank lines in front: the compiler and Node then speak of the line in the document.
    writeFileSync(example.path, `${"\n".repeat(example.line - 1)}${example.code}\n`);
  }
  writeFileSync(join(workshop, "package.json"), JSON.stringify({ type: "module" }));
  const compilerOptions = { moduleDetection: "force", declaration: false, rootDir: "/" };
  const base = join(root, "tsconfig.base.json");
  writeFileSync(
    join(workshop, "tsconfig.json"),
    JSON.stringify({ extends: base, compilerOptions, include: ["*/example.ts"] }),
  );
}

/** An example may import every package of the workspace, and what these import themselves. */
function linkPackages() {
  link("@types/node", join(root, "node_modules/@types/node"));
  for (const file of globSync("packages/*/package.json", { cwd: root })) {
    const folder = join(root, dirname(file));
    const { name, dependencies, devDependencies } = JSON.parse(readFileSync(join(root, file), "utf8"));
    link(name, folder);
    for (const used of Object.keys({ ...dependencies, ...devDependencies }))
      link(used, join(folder, "node_modules", used));
  }
}

function link(name, target) {
  const place = join(workshop, "node_modules", name);
  if (existsSync(place) || !existsSync(target)) return;
  mkdirSync(dirname(place), { recursive: true });
  symlinkSync(realpathSync(target), place, "junction");
}

async function typeCheck() {
  if (examples.length === 0) return;
  const { output } = await run(
    join(root, "node_modules/typescript/bin/tsc"),
    ["-p", workshop, "--pretty", "false"],
    workshop,
  );
  for (const line of output.split("\n").filter((text) => text.includes("error TS"))) {
    faults.push(asDocumented(line).replace(/\((\d+),(\d+)\):/, ":$1:$2 "));
  }
}

async function runAll(all) {
  const waiting = [...all];
  await Promise.all(Array.from({ length: availableParallelism() }, worker));

  async function worker() {
    for (let example = waiting.shift(); example; example = waiting.shift()) {
      const { failure, output } = await run("--conditions=millrace-source", [example.path], example.folder);
      if (failure) faults.push(`${example.file}:${example.line}  ${failure}\n${asDocumented(output)}`);
    }
  }
}

function run(first, more, cwd) {
  const env = { ...process.env, NODE_OPTIONS: "", NODE_NO_WARNINGS: "1", HOME: workshop };
  return new Promise((resolve) => {
    execFile(
      node26,
      [first, ...more],
      { cwd, env, timeout: timeoutMs, maxBuffer: 64 * 2 ** 20 },
      (error, stdout, stderr) => {
        const failure = error?.killed
          ? `did not end within ${timeoutMs / 1000} s`
          : error
            ? `ended with code ${error.code}`
            : undefined;
        resolve({ failure, output: `${stdout}${stderr}` });
      },
    );
  });
}

/** Names of temporary files become the names of the documents they come from. */
function asDocumented(output) {
  return output
    .replace(/(?:file:\/\/)?(?:\S*\/)?(\d+)\/example\.ts/g, (all, index) => examples[Number(index)]?.file ?? all)
    .replaceAll(`${relative(workshop, root)}/`, "");
}
