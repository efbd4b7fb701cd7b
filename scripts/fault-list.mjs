// The faults that planted-faults.mjs plants, in the order of the steps of `npm test`.

/** Each plants files (path → text added) or edits a manifest, and names what the gate must say. */
export const faults = [
  {
    gate: "build",
    fault: "a file that does not parse",
    files: { "packages/resilience/src/index.ts": "\nexport const = 1;\n" },
    says: /Expected identifier but found "="/,
  },
  {
    gate: "lint",
    fault: "an enum",
    files: { "packages/core/src/colour.ts": "export enum Colour {\n  Red,\n}\n" },
    says: /noEnum/,
  },
  {
    gate: "lint",
    fault: "an `any`",
    files: { "packages/core/src/loose.ts": "export const loose: any = 1;\n" },
    says: /noExplicitAny/,
  },
  {
    gate: "lint",
    fault: "a file name with capitals",
    files: { "packages/core/src/myFile.ts": "export const a = 1;\n" },
    says: /useFilenamingConvention/,
  },
  {
    gate: "lint",
    fault: "unformatted code",
    files: { "packages/core/src/wide.ts": "export const a   =   1;\n" },
    says: /wide\.ts format/,
  },
  {
    gate: "lint",
    fault: "a test with `.only`",
    files: { "packages/core/src/x.test.ts": 'import { it } from "vitest";\n\nit.only("x", () => {});\n' },
    says: /noFocusedTests/,
  },
  {
    gate: "rules",
    fault: "`Date.now()` in the engine",
    files: { "packages/core/src/scheduler/planted.ts": "export const at = Date.now();\n" },
    says: /planted\.ts:1:19 {2}Date\.now/,
  },
  {
    gate: "rules",
    fault: "`new Date()` in the engine",
    files: { "packages/core/src/scheduler/planted.ts": "export const at = new Date();\n" },
    says: /new Date\(\) reads the time/,
  },
  {
    gate: "rules",
    fault: "`setTimeout` in the engine",
    files: { "packages/core/src/scheduler/planted.ts": "setTimeout(() => {}, 1);\n" },
    says: /setTimeout: time, timers and chance/,
  },
  {
    gate: "rules",
    fault: "`Math.random` handed on",
    files: { "packages/core/src/scheduler/planted.ts": "export const random = Math.random;\n" },
    says: /Math\.random: time/,
  },
  {
    gate: "rules",
    fault: "`randomUUID` from node:crypto",
    files: {
      "packages/core/src/scheduler/planted.ts":
        'import { randomUUID } from "node:crypto";\n\nexport const id = randomUUID();\n',
    },
    says: /randomUUID: time/,
  },
  {
    gate: "rules",
    fault: "`node:timers/promises` in a store",
    files: {
      "packages/store-sqlite/src/planted.ts":
        'import { setTimeout as sleep } from "node:timers/promises";\n\nexport const wait = sleep;\n',
    },
    says: /node:timers\/promises: timers only/,
  },
  {
    gate: "rules",
    fault: "a file named utils.ts",
    files: { "packages/core/src/utils.ts": "export const a = 1;\n" },
    says: /"utils\.ts" says nothing/,
  },
  {
    gate: "rules",
    fault: "a test with `.todo`",
    files: { "packages/core/src/x.test.ts": 'import { it } from "vitest";\n\nit.todo("x");\n' },
    says: /it\.todo: a test is finished/,
  },
  {
    gate: "rules",
    fault: "`process.exit` in core",
    files: { "packages/core/src/planted.ts": "export const stop = () => process.exit(1);\n" },
    says: /only the command \(packages\/cli\)/,
  },
  {
    gate: "rules",
    fault: "a manifest without engines",
    manifest: ["resilience", (it) => delete it.engines],
    says: /engines\.node is ">=24"/,
  },
  {
    gate: "rules",
    fault: "a changeset for a package that is not there",
    files: { ".changeset/planted.md": '---\n"@millrace/gone": minor\n---\n\nText.\n' },
    says: /there is no package @millrace\/gone/,
  },
  {
    gate: "rules",
    fault: "410 lines in one file (a warning)",
    files: { "packages/core/src/long.ts": "// line\n".repeat(410) },
    says: /long\.ts {2}411 lines/,
    warns: true,
  },
  {
    gate: "types",
    fault: "a wrong type in a test",
    files: { "packages/core/src/x.test.ts": 'const count: number = "one";\nexport default count;\n' },
    says: /x\.test\.ts.*TS2322/,
  },
  {
    gate: "types",
    fault: "a type test that does not hold",
    files: {
      "packages/core/src/x.test-d.ts":
        'import { expectTypeOf } from "vitest";\n\nexpectTypeOf(1).toEqualTypeOf<string>();\n',
    },
    says: /x\.test-d\.ts/,
  },
  {
    gate: "dependencies",
    fault: "core imports a plug-in",
    files: { "packages/core/src/planted.ts": 'export * from "../../store-sqlite/src/index.ts";\n' },
    says: /core-imports-no-plug-in/,
  },
  {
    gate: "dependencies",
    fault: "a plug-in imports core's engine door",
    files: { "packages/store-sqlite/src/planted.ts": 'export * from "@millrace/core/engine";\n' },
    says: /plug-in-through-its-door/,
  },
  {
    gate: "dependencies",
    fault: "a path into another package's src",
    files: { "packages/cli/src/planted.ts": 'export * from "../../core/src/errors.ts";\n' },
    says: /nobody-imports-a-foreign-src/,
  },
  {
    gate: "dependencies",
    fault: "core uses a double of the tests",
    files: { "packages/core/src/planted.ts": 'export * from "../../testing/src/clock/manual-clock.ts";\n' },
    says: /doubles-are-for-tests-of-core/,
  },
  {
    gate: "dependencies",
    fault: "an example that reaches into src",
    files: { "examples/xcom-patterns/src/planted.ts": 'export * from "../../../packages/core/src/errors.ts";\n' },
    says: /nobody-imports-a-foreign-src/,
  },
  {
    gate: "dependencies",
    fault: "two files that import each other",
    files: {
      "packages/core/src/one.ts": 'import { two } from "./two.ts";\n\nexport const one = () => two;\n',
      "packages/core/src/two.ts": 'import { one } from "./one.ts";\n\nexport const two = () => one;\n',
    },
    says: /no-cycles/,
  },
  {
    gate: "dependencies",
    fault: "a pure room reads files",
    files: { "packages/core/src/graph/planted.ts": 'export { readFileSync } from "node:fs";\n' },
    says: /pure-rooms-do-no-input-or-output/,
  },
  {
    gate: "dependencies",
    fault: "door `.` of core loads zod",
    files: { "packages/core/src/index.ts": '\nexport { z } from "zod";\n' },
    says: /light-door/,
  },
  {
    gate: "dependencies",
    fault: "an import that leads nowhere",
    files: { "packages/core/src/planted.ts": 'export * from "@millrace/nothing";\n' },
    says: /no-unresolved-import/,
  },
  {
    gate: "unused",
    fault: "an export nobody uses",
    files: { "packages/resilience/src/errors.ts": "\nexport const plantedExport = 1;\n" },
    says: /plantedExport/,
  },
  {
    gate: "unused",
    fault: "a file nobody imports",
    files: { "packages/resilience/src/planted.ts": "export {};\n" },
    says: /Unused files[\s\S]*planted\.ts/,
  },
  {
    gate: "unused",
    fault: "a dependency nobody uses",
    manifest: ["resilience", (it) => (it.dependencies["left-pad"] = "^1.3.0")],
    says: /left-pad/,
  },
  {
    gate: "unused",
    fault: "an import that no manifest lists",
    files: { "packages/resilience/src/index.ts": '\nimport "yaml";\n' },
    says: /Unlisted dependencies[\s\S]*yaml/,
  },
  {
    gate: "packages",
    fault: "a door to a file that is not there",
    manifest: ["resilience", (it) => (it.publishConfig.exports["."].default = "./dist/gone.js")],
    says: /publint: .*gone\.js.* does not exist/,
  },
  {
    gate: "packages",
    fault: "declarations that import a file that is not there",
    files: { "packages/resilience/dist/index.d.ts": '\nexport * from "./gone.js";\n' },
    says: /Internal resolution error/i,
  },
  {
    gate: "packages",
    fault: "a door without types",
    manifest: ["resilience", (it) => delete it.publishConfig.exports["."].types],
    says: /door \. of @millrace\/resilience has no types/,
  },
  {
    gate: "packages",
    fault: "the condition for tests is published",
    manifest: ["resilience", (it) => (it.publishConfig.exports["."] = it.exports["."])],
    says: /contains the condition for tests/,
  },
  {
    gate: "packages",
    fault: "a door that is not published",
    manifest: ["core", (it) => delete it.publishConfig.exports["./engine"]],
    says: /names other doors than exports/,
  },
  {
    gate: "consumer",
    fault: "a run-time dependency listed for development only",
    manifest: ["core", (it) => delete it.dependencies["temporal-polyfill"]],
    says: /temporal-polyfill/,
  },
  {
    gate: "consumer",
    fault: "a program that the compiler refuses",
    files: { "scripts/consumer/planted.ts": 'export const count: number = "one";\n' },
    says: /fault type check[\s\S]*TS2322/,
  },
  {
    gate: "consumer",
    fault: "a command that fails",
    files: { "packages/cli/src/main.ts": "\nthrow new Error('planted');\n" },
    says: /fault millrace --help/,
  },
  {
    gate: "consumer",
    fault: "a new project that needs what there is not",
    files: { "packages/cli/src/init/basic-template.ts": '\nObject.assign(toolVersions, { zod: "^0.0.1" });\n' },
    says: /fault npm install, of a new project/,
  },
  {
    gate: "errors",
    fault: "a code that nobody throws",
    files: {
      "packages/resilience/src/errors.ts":
        '\nObject.assign(resilienceErrorTable, { BREAKER_BORED: { says: "bored", cure: "none" } });\n',
    },
    says: /BREAKER_BORED of resilience is thrown nowhere/,
  },
  {
    gate: "errors",
    fault: "a code that no table has",
    files: { "packages/core/src/planted.ts": '\nthrow coreError("DAG_BORED", {});\n' },
    says: /throws DAG_BORED, which no table has/,
  },
  {
    gate: "examples",
    fault: "a README block that does not compile",
    files: { "README.md": "\n```ts\nconst a: number = 'text';\n```\n" },
    says: /README\.md:\d+:7 {2}error TS2322/,
  },
  {
    gate: "examples",
    fault: "a README block that throws",
    files: { "README.md": "\n```ts\nthrow new Error('planted');\n```\n" },
    says: /README\.md:\d+ {2}ended with code 1/,
  },
  {
    gate: "examples",
    fault: "a block marked `ts ignore`",
    files: { "README.md": "\n```ts ignore\nconst a = 1;\n```\n" },
    says: /the only mark is no-run/,
  },
  {
    gate: "examples",
    fault: "a TSDoc example that throws",
    files: {
      "packages/resilience/src/index.ts": "\n/**\n * @example\n * ```ts\n * throw new Error('planted');\n * ```\n */\n",
    },
    says: /resilience\/src\/index\.ts:\d+ {2}ended with code 1/,
  },
  {
    gate: "demo",
    fault: "the command cannot be found",
    manifest: ["cli", (it) => (it.exports = {})],
    says: /package\.json.* is not defined by "exports"/,
  },
  {
    gate: "tests",
    fault: "a test that fails",
    files: {
      "packages/resilience/src/x.test.ts":
        'import { expect, it } from "vitest";\n\nit("fails", () => expect(1).toBe(2));\n',
    },
    says: /[1-9]\d* failed/,
  },
  {
    gate: "tests",
    fault: "a test file that does not load",
    files: { "packages/resilience/src/x.test.ts": 'import "./not-there.ts";\n' },
    says: /[1-9]\d* failed/,
  },
  {
    gate: "tests",
    fault: "a promise rejected behind the tests' back",
    files: {
      "packages/resilience/src/x.test.ts":
        'import { it } from "vitest";\n\nit("passes", () => void Promise.reject(new Error("planted")));\n',
    },
    says: /[1-9]\d* failed/,
  },
  {
    gate: "tests-node24",
    fault: "what only Node 26 has",
    files: {
      "packages/resilience/src/x.test.ts":
        'import { expect, it } from "vitest";\n\nit("needs native Temporal", () => expect(typeof Temporal).toBe("object"));\n',
    },
    says: /[1-9]\d* failed/,
  },
];
