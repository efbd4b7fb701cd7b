import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { nextSteps } from "../src/init/next-steps.ts";
import { lookAround, packageNameOf } from "../src/init/surroundings.ts";
import { linkPackages, millrace, project } from "./project.ts";

interface Made {
  readonly created: readonly string[];
  readonly kept: readonly string[];
  readonly next: readonly string[];
}

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder that is empty but for the files given. */
function folderWith(files: Readonly<Record<string, string>> = {}): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "millrace-init-")));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const init = (cwd: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) =>
  millrace(["init", ...args, "-o", "json"], { cwd, env });

describe("millrace init", () => {
  it("makes a project whose DAG runs, whose tests pass and which tells the next steps", async () => {
    const outer = folderWith();
    const made = await init(outer, ["demo"]);
    expect(made.json<Made>()).toMatchObject({ kept: [], next: ["cd demo", "npm install", "npx millrace run hello"] });
    const folder = join(outer, "demo");
    linkPackages(folder);
    const ran = await millrace(["run", "hello", "--params", `{"name":"Ada"}`], { cwd: folder });
    expect([ran.code, ran.err]).toEqual([0, expect.stringContaining("report")]);
    const read = await millrace(["xcom", "get", "hello", "latest", "report", "-o", "json"], { cwd: folder });
    expect(read.json()).toMatchObject({ value: { text: "Hello Ada!", letters: 3 } });
    const tested = execFileSync(process.execPath, ["--conditions=millrace-source", "--test"], {
      cwd: folder,
      encoding: "utf8",
      env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE },
    });
    expect(tested).toMatch(/pass 2\b/);
    expect((await millrace(["dags", "validate"], { cwd: folder })).code).toBe(0);
  });

  it("writes over nothing, and adds to a folder that has something in it only when told to", async () => {
    const { millrace, folder, write } = project({ "dags/hello.ts": "// mine" });
    write({ "package.json": `{ "name": "mine" }` });
    const before = readdirSync(folder);
    const refused = await millrace(["init", "-o", "json"]);
    expect([refused.code, refused.json()]).toMatchObject([
      4,
      { error: { code: "FOLDER_NOT_EMPTY", message: expect.stringContaining("dags, node_modules, package.json") } },
    ]);
    expect(readdirSync(folder)).toEqual(before);
    const { created, kept } = (await millrace(["init", "--yes", "-o", "json"])).json<Made>();
    expect(kept).toEqual(["package.json", "dags/hello.ts"]);
    expect(created).toContain("millrace.config.ts");
    expect(readFileSync(join(folder, "dags/hello.ts"), "utf8")).toBe("// mine");
    expect(readFileSync(join(folder, "package.json"), "utf8")).toBe(`{ "name": "mine" }`);
  });

  it("takes a folder with a repository and a licence in it for an empty one", async () => {
    const folder = folderWith({ ".git/HEAD": "ref: refs/heads/main", LICENSE: "mine", "README.md": "# Mine" });
    const made = await init(folder);
    expect([made.code, made.json<Made>().kept]).toEqual([0, ["README.md"]]);
  });

  it("says what a package.json that is there needs", async () => {
    const folder = folderWith({ "package.json": `{ "name": "mine", "type": "commonjs" }` });
    const made = await init(folder, ["--yes"]);
    expect(made.json<Made>().next).toEqual([
      "npm install millrace @millrace/core @millrace/store-sqlite zod",
      "npm install -D @millrace/testing @types/node typescript",
      "npx millrace run hello",
    ]);
    expect(made.err).toContain("npm pkg set type=module");
    const again = folderWith({ "package.json": `{ "type": "module", "devDependencies": { "millrace": "*" } }` });
    const ended = await init(again, ["--yes"]);
    expect([ended.json<Made>().next[0], ended.err]).toEqual(["npm install", ""]);
  });

  it("speaks pnpm to those who use it, and tells it about esbuild's script", async () => {
    const folder = folderWith();
    const made = await init(folder, ["demo"], { npm_config_user_agent: "pnpm/12.0.0 node/v26.0.0" });
    expect(made.json<Made>().next).toEqual(["cd demo", "pnpm install", "pnpm millrace run hello"]);
    expect(readFileSync(join(folder, "demo/pnpm-workspace.yaml"), "utf8")).toMatch(/allowBuilds:\n {2}esbuild: false/);
  });

  it("inside a pnpm workspace makes no second one, and says how to join it", async () => {
    const workspace = folderWith({ "pnpm-workspace.yaml": "packages: [apps/*]", "package.json": "{}" });
    const made = await init(workspace, ["apps/flows"]);
    expect([made.code, made.err]).toEqual([0, expect.stringContaining(`pnpm workspace ${workspace}`)]);
    expect(made.json<Made>().next).toEqual(["cd apps/flows", "pnpm install", "pnpm millrace run hello"]);
    expect(existsSync(join(workspace, "apps/flows/pnpm-workspace.yaml"))).toBe(false);
  });

  it("refuses what it cannot do", async () => {
    const folder = folderWith({ file: "", "broken/package.json": "{", "list/package.json": "null" });
    const cases: readonly (readonly [args: readonly string[], exit: number, code: string])[] = [
      [["file"], 4, "FILE_EXISTS"],
      [["file/below"], 4, "FILE_EXISTS"],
      [["broken", "--yes"], 5, "FILE_NOT_READ"],
      [["list", "--yes"], 5, "FILE_NOT_READ"],
      [["x", "--template", "none"], 2, "TEMPLATE_UNKNOWN"],
      [["x", "--template", "__proto__"], 2, "TEMPLATE_UNKNOWN"],
    ];
    for (const [args, exit, code] of cases) {
      const ended = await init(folder, args);
      expect([args, ended.code, ended.json()]).toMatchObject([args, exit, { error: { code } }]);
    }
    expect(readdirSync(join(folder, "broken"))).toEqual(["package.json"]);
    expect(existsSync(join(folder, "x"))).toBe(false);
  });
});

describe("the name of the package", () => {
  it.each([
    ["/x/demo", "demo"],
    ["/x/My Flows", "my-flows"],
    ["/x/.hidden", "hidden"],
    ["/x/données", "donn-es"],
    ["/x/日本", "millrace-project"],
    ["/x/@acme", "acme"],
    ["/", "millrace-project"],
    ["/x/millrace", "millrace-project"],
    ["/x/node_modules", "node_modules-project"],
    ["/x/-rf", "rf"],
    ["/x/$(reboot)", "reboot"],
    [`/x/${"long".repeat(60)}`, "long".repeat(50)],
  ])("of %s is %s", (folder, name) => {
    expect(packageNameOf(folder)).toBe(name);
    expect(name).toMatch(/^[a-z0-9][a-z0-9._~-]{0,213}$/);
  });
});

describe("the command that goes into the folder", () => {
  it.each([
    ["demo", "cd demo"],
    ["my flows", "cd 'my flows'"],
    ["$(reboot)", "cd '$(reboot)'"],
    ["it's", `cd 'it'\\''s'`],
    ["-rf", "cd ./-rf"],
    ["a/b", "cd a/b"],
    ["..", "cd .."],
  ])("%s can be pasted: %s", (place, command) => {
    expect(nextSteps(lookAround(join("/nowhere/at/all", place), {}), "/nowhere/at/all").commands[0]).toBe(command);
  });
});
