import type { Check, Finding } from "./finding.ts";

/** The code of DAGs as it was loaded: is it whole, and is all there that unfinished runs need. */
export const bundleCheck: Check = {
  name: "bundles",
  async look(session) {
    const { inspectBundles } = await session.core();
    const store = await session.reader().catch(() => undefined);
    const needed = new Set<string>();
    for (const { versionNo } of (await store?.runs.active()) ?? []) {
      const bundle = (await store?.dags.version(versionNo))?.bundle;
      if (bundle) needed.add(bundle);
    }
    const { count, problems } = inspectBundles((await session.config()).home, needed);
    if (problems.length === 0)
      return count === 0
        ? []
        : [
            {
              check: "bundles",
              level: "good",
              says: `${count} bundle${count === 1 ? "" : "s"} of DAG files, all whole`,
            },
          ];
    return problems.map(({ message, cure }): Finding => ({ check: "bundles", level: "bad", says: message, cure }));
  },
};
