// What a newcomer does: `millrace init`, an installation, the first run, the project's own checks. Outside the workspace,
// from the packed tarballs, by npm (which runs the scripts of what it installs) and by pnpm (which does not).
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { node24, node26 } from "./workspace.mjs";

/**
 * @param millrace the packed command, installed somewhere
 * @param tarballs file: references by package
 * @param step runs a command or throws: `(what, command, args, { cwd, env })`
 */
export function tryNewProject({ millrace, tarballs, step }) {
  const outer = mkdtempSync(join(tmpdir(), "millrace-new-"));
  try {
    const byNpm = join(outer, "by-npm");
    step("millrace init", node26, [millrace, "init", "by-npm"], { cwd: outer });
    useTarballs(byNpm, tarballs);
    step("npm install, of a new project", "npm", ["install", "--no-audit", "--no-fund", "--prefer-offline"], {
      cwd: byNpm,
    });
    for (const node of [node26, node24]) {
      const on = `in a new project on Node ${node === node26 ? 26 : 24}`;
      const here = { cwd: byNpm, env: { PATH: [dirname(node), process.env.PATH].join(delimiter) } };
      step(`npx millrace run hello, ${on}`, "npx", ["--no-install", "millrace", "run", "hello"], here);
      // The compiler says the same on any Node.
      const script = node === node26 ? "check" : "test";
      step(`npm run ${script}, ${on}`, "npm", ["run", script], here);
      step(`millrace doctor, ${on}`, "npx", ["--no-install", "millrace", "doctor"], here);
    }

    const byPnpm = join(outer, "by-pnpm");
    const agent = { npm_config_user_agent: "pnpm/10.0.0" };
    step("millrace init, by pnpm", node26, [millrace, "init", "by-pnpm"], { cwd: outer, env: agent });
    useTarballs(byPnpm, tarballs);
    step("pnpm install, of a new project", "pnpm", ["install", "--prefer-offline"], { cwd: byPnpm });
    for (const script of ["start", "test"]) step(`pnpm ${script}, in a new project`, "pnpm", [script], { cwd: byPnpm });
  } finally {
    rmSync(outer, { recursive: true, force: true });
  }
}

/** The versions that the template names are not in any registry yet. */
function useTarballs(folder, tarballs) {
  const path = join(folder, "package.json");
  const manifest = JSON.parse(readFileSync(path, "utf8"));
  const named = new Set();
  for (const list of [manifest.dependencies, manifest.devDependencies]) {
    for (const name of Object.keys(list).filter((name) => name in tarballs)) {
      list[name] = tarballs[name];
      named.add(name);
    }
  }
  // Those too that only others of ours need.
  manifest.overrides = Object.fromEntries(
    Object.entries(tarballs).map(([name, tarball]) => [name, named.has(name) ? `$${name}` : tarball]),
  );
  manifest.pnpm = { overrides: tarballs };
  writeFileSync(path, JSON.stringify(manifest));
}
