import { existsSync, mkdtempSync, rmdirSync, statfsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { messageOf } from "@millrace/core/plugin";
import { sizeText } from "../terminal/show-size.ts";
import type { Check, Finding } from "./finding.ts";

const oldestNode = 24;
const leastFreeBytes = 100_000_000;
const comfortableFreeBytes = 1_000_000_000;

export const nodeVersionCheck: Check = {
  name: "node",
  look: async () => [judgeNodeVersion(process.versions.node)],
};

/** The time zones that schedules go by: whose data they are, and whether all are there. */
export const timeZoneCheck: Check = {
  name: "time zones",
  look: async () => [judgeTimeZones(process.versions, (zone) => new Intl.DateTimeFormat("en", { timeZone: zone }))],
};

export const configCheck: Check = {
  name: "config",
  async look(session) {
    const core = await session.core();
    const config = await session.config();
    const { problems, unknownKeys } = await core.explainConfig(config);
    const found: Finding[] = [
      {
        check: "config",
        level: "good",
        says:
          config.path === undefined
            ? `No config file: the defaults hold, as seen from ${config.baseDir}`
            : `${config.path} is valid`,
      },
    ];
    for (const { message, cure } of problems) found.push({ check: "config", level: "bad", says: message, cure });
    for (const key of unknownKeys)
      found.push({
        check: "config",
        level: "warning",
        says: `Nothing reads the variable ${key}`,
        cure: "Correct its name; `millrace config explain` lists those that are read.",
      });
    return found;
  },
};

export const homeCheck: Check = {
  name: "home",
  async look(session) {
    const { home } = await session.config();
    return [judgeHome(home), judgeDisk(home, statfsSync)];
  },
};

export function judgeNodeVersion(version: string): Finding {
  if (Number(version.split(".")[0]) >= oldestNode) return { check: "node", level: "good", says: `Node.js ${version}` };
  return {
    check: "node",
    level: "bad",
    says: `This is Node.js ${version}`,
    cure: `Install Node.js ${oldestNode} or newer.`,
  };
}

/** @param open - throws for a zone that is not known */
export function judgeTimeZones(
  { tz, icu }: Readonly<Record<string, string | undefined>>,
  open: (zone: string) => unknown,
): Finding {
  const check = "time zones";
  try {
    open("Europe/Berlin");
    return { check, level: "good", says: `Time zone data ${tz ?? "of an unknown version"} (ICU ${icu ?? "unknown"})` };
  } catch {
    return {
      check,
      level: "bad",
      says: "This Node.js knows no time zones but UTC",
      cure: "Use a Node.js that was built with full ICU, as those of nodejs.org are.",
    };
  }
}

/** Whether the folder, or the nearest one above it that is there, can be written. */
export function judgeHome(home: string): Finding {
  const there = nearestExisting(home);
  try {
    if (!statSync(there).isDirectory()) throw new Error(`${there} is not a folder`);
    // A trial tells more than permissions: the disk may be mounted to be read only.
    rmdirSync(mkdtempSync(join(there, ".millrace-doctor-")));
    return {
      check: "home",
      level: "good",
      says: there === home ? `${home} can be written` : `${home} will be made by the first run`,
    };
  } catch (error) {
    return {
      check: "home",
      level: "bad",
      says: `${home} cannot be written: ${messageOf(error)}`,
      cure: "Give this user write permission there, or name another folder with --home, MILLRACE_HOME or `home` in the config.",
    };
  }
}

/** Whether there is room on the disk of a folder. */
export function judgeDisk(
  home: string,
  statfs: (path: string) => { readonly bavail: number; readonly bsize: number; readonly blocks: number },
): Finding {
  const { bavail, bsize, blocks } = statfs(nearestExisting(home));
  if (blocks === 0) return { check: "disk", level: "skipped", says: `The free space for ${home} is not known` };
  const free = bavail * bsize;
  const says = `${sizeText(free)} free for ${home}`;
  if (free >= comfortableFreeBytes) return { check: "disk", level: "good", says };
  return {
    check: "disk",
    level: free < leastFreeBytes ? "bad" : "warning",
    says: `Only ${says}`,
    cure: "Free disk space, or name a folder on another disk with MILLRACE_HOME; a full disk stops every run.",
  };
}

function nearestExisting(path: string): string {
  let at = path;
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at);
  return at;
}
