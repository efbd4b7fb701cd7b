import { statSync } from "node:fs";
import type { StoreInspection } from "@millrace/core/plugin";
import { sizeText } from "../terminal/show-size.ts";
import type { Check, Finding } from "./finding.ts";

/** The database: damage, schema, and who can read it. */
export const storeCheck: Check = {
  name: "store",
  async look(session) {
    const { name, inspect } = await session.store();
    if (!inspect) return [{ check: "store", level: "good", says: `Store '${name}'` }];
    const found = await inspect({ deep: true });
    return judgeStore(
      found,
      found.path !== undefined && found.exists ? statSync(found.path, { throwIfNoEntry: false })?.mode : undefined,
    );
  },
};

/** @param mode - of the file, where the store is one */
export function judgeStore(found: StoreInspection, mode: number | undefined): Finding[] {
  const { location, exists, schema, sizeBytes, problems } = found;
  const findings: Finding[] = problems.map(({ message, cure }) => ({
    check: "store",
    level: "bad",
    says: message,
    cure,
  }));
  if (findings.length === 0) {
    const size = sizeBytes === undefined ? "" : `, ${sizeText(sizeBytes)}`;
    findings.push({
      check: "store",
      level: "good",
      says: exists
        ? `${location}: no damage (schema ${schema.found ?? "none"}${size})`
        : `${location} will be made by the first run`,
    });
    if (schema.found !== null && schema.found < schema.known) {
      findings.push({
        check: "store",
        level: "bad",
        says: `${location} has the older schema ${schema.found}; this version's is ${schema.known}`,
        cure: "Run `millrace db migrate`; the next engine does it too.",
      });
    }
  }
  if (mode !== undefined && (mode & 0o077) !== 0 && process.platform !== "win32") {
    const who = (mode & 0o007) !== 0 ? "anyone on this machine" : "its group";
    findings.push({
      check: "permissions",
      level: (mode & 0o007) !== 0 ? "bad" : "warning",
      says: `${location} is open to ${who} (mode ${(mode & 0o777).toString(8)})`,
      cure: `chmod 600 ${location}`,
    });
  }
  return findings;
}
