import { createRequire } from "node:module";

/** What the package says about itself. */
export interface PackageFacts {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** Stands one folder below the package's own, in the sources as in the build. */
export function packageFacts(): PackageFacts {
  return createRequire(import.meta.url)("../package.json") as PackageFacts;
}
