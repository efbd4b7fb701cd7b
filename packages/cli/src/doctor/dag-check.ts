import { importErrorPlace } from "../views/import-error-view.ts";
import { unknownPools } from "../views/unknown-pools.ts";
import type { Check, Finding } from "./finding.ts";

/** The DAG files: do they load, are ids unique, do the pools exist that tasks name. */
export const dagCheck: Check = {
  name: "dags",
  async look(session) {
    const { dags: folder, pools } = await session.config();
    const loaded = await session.dags();
    const findings: Finding[] = loaded.errors.map((found) => ({
      check: found.error.code === "DAG_DEFINED_TWICE" ? "dag ids" : "dags",
      level: "bad",
      says: `${importErrorPlace(found, session.io.cwd)}: ${found.error.message.split("\n")[0]}`,
      cure: found.error.cure,
    }));
    for (const { path, reason } of loaded.skipped)
      findings.push({ check: "dags", level: "warning", says: `${path} was left out: ${reason}` });
    const store = await session.reader().catch(() => undefined);
    const stored = ((await store?.pools.list()) ?? []).map(({ pool }) => pool);
    for (const { message, cure } of unknownPools(
      loaded.dags.map(({ dag }) => dag),
      pools,
      stored,
    ))
      findings.push({ check: "pools", level: "bad", says: message, cure });
    const count = loaded.dags.length;
    if (count === 0 && findings.length === 0)
      findings.push({
        check: "dags",
        level: "warning",
        says: `There is no DAG in ${folder}`,
        cure: "Export what dag(...) returns from a file there.",
      });
    else findings.unshift({ check: "dags", level: "good", says: `${count} DAG${count === 1 ? "" : "s"} in ${folder}` });
    return findings;
  },
};
