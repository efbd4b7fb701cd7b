#!/usr/bin/env node
// Plain old syntax, and nothing imported before the check: any Node since 12 can read this file and say what is wrong.
const major = Number(process.versions.node.split(".")[0]);

if (major < 24) {
  console.error(`millrace needs Node.js 24 or newer, and this is Node.js ${process.versions.node}.`);
  process.exitCode = 2;
} else {
  import("../dist/main.js").then((command) => command.main(process.argv.slice(2))).then((code) => process.exit(code));
}
