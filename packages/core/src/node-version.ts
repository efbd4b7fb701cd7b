import { coreError } from "./errors.ts";

const oldestMajor = 24;

/**
 * Every door of core asks this first, so that an older Node says what is missing instead of failing somewhere inside.
 *
 * @throws `NODE_TOO_OLD`
 */
export function assertNodeVersion(version = process.versions.node): void {
  if (Number(version.split(".", 1)[0]) >= oldestMajor) return;
  throw coreError("NODE_TOO_OLD", { needed: oldestMajor, found: version });
}
