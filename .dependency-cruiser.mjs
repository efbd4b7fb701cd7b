// Who may import whom. The rules follow the diagram in ARCHITECTURE.md; run with `npm test -- dependencies`.
const test = "\\.test(-d)?\\.ts$|/test/";
const doubles = "^packages/testing/src/(clock|doubles)/";
const plugIns = "^packages/((?:store-|xcom-|executor-|notify|resilience)[^/]*)/";

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    {
      name: "core-imports-no-plug-in",
      comment: "Core resolves plug-ins by name at run time; it never imports one.",
      severity: "error",
      from: { path: "^packages/core/", pathNot: "^packages/core/test/" },
      to: { path: "^(packages/(?!core/)|examples/|bench/)" },
    },
    {
      name: "tests-of-core-know-the-doubles",
      comment:
        "Core's tests use the clock and the faulty doubles of @millrace/testing by their files (as packages the two would need each other), and nothing else of ours.",
      severity: "error",
      from: { path: "^packages/core/test/" },
      to: { path: "^(packages/(?!core/)|examples/|bench/)", pathNot: doubles },
    },
    {
      name: "plug-in-through-its-door",
      comment:
        "A plug-in imports @millrace/core/plugin, @millrace/resilience and its own npm libraries, nothing else of ours.",
      severity: "error",
      from: { path: plugIns, pathNot: test },
      to: {
        path: "^packages/",
        pathNot: ["^packages/$1/", "^packages/core/src/plugin\\.ts$", "^packages/resilience/src/index\\.ts$"],
      },
    },
    {
      name: "nobody-imports-a-foreign-src",
      comment: "Another package is imported by its name and a published door, never by a path into its files.",
      severity: "error",
      from: { path: "^(packages|examples)/([^/]+)/" },
      to: { path: "^(packages|examples)/", pathNot: ["^$1/$2/", doubles], dependencyTypes: ["local"] },
    },
    {
      name: "doubles-are-for-tests-of-core",
      comment: "Everybody but the tests of core gets the doubles through the doors of @millrace/testing.",
      severity: "error",
      from: { pathNot: "^packages/(core/test|testing)/" },
      to: { path: doubles },
    },
    {
      name: "bench-imports-no-foreign-src",
      comment: "The benchmark measures what users get: published doors.",
      severity: "error",
      from: { path: "^bench/" },
      to: { path: "^(packages|examples)/", dependencyTypes: ["local"] },
    },
    {
      name: "no-cycles",
      comment:
        "A cycle of run-time imports: nobody can say which file is loaded first. (Types may refer to each other.)",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "pure-rooms-do-no-input-or-output",
      comment: "graph, timetable, readiness and lifecycle only compute. Hashing is computing.",
      severity: "error",
      from: { path: "^packages/core/src/(graph|timetable|readiness|lifecycle)/", pathNot: test },
      to: {
        dependencyTypes: ["core"],
        pathNot: "^(node:)?(crypto|util)$",
      },
    },
    {
      name: "no-unresolved-import",
      comment: "This import leads nowhere.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "light-door",
      comment: 'Door "." of core loads no zod: that alone would take longer than everything else in it.',
      severity: "error",
      from: { path: "^packages/core/src/index\\.ts$" },
      to: { path: "node_modules/zod/", reachable: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(dist|\\.artifacts|\\.millrace|coverage)/" },
    tsPreCompilationDeps: true,
    detectProcessBuiltinModuleCalls: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["millrace-source", "import", "node", "types", "default"],
      extensions: [".ts", ".mjs", ".js", ".json", ".d.ts"],
    },
  },
};
