import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { runNode } from "./child-process.ts";
import type { Figure, Gap } from "./figure.ts";
import { median } from "./measure.ts";
import type { Sizes } from "./sizes.ts";

const packages = fileURLToPath(new URL("../../packages/", import.meta.url));

/** What `import "@millrace/core"`, as built and published, adds to the start of a bare node. */
export async function measureImport(folder: string, { starts }: Sizes): Promise<Figure | Gap> {
  const id = "importCore";
  const name = `import "@millrace/core", cold`;
  const built = join(packages, "core/dist/index.js");
  if (!existsSync(built)) return { id, name, why: "not built" };
  const bareFile = join(folder, "bare.mjs");
  const importFile = join(folder, "import.mjs");
  writeFileSync(bareFile, "");
  writeFileSync(importFile, `import ${JSON.stringify(pathToFileURL(built).href)};`);
  const bare: number[] = [];
  const importing: number[] = [];
  for (let start = 0; start <= starts; start++) {
    const times = [(await runNode([bareFile])).wallMs, (await runNode([importFile])).wallMs];
    // The first pair only brings the files into memory.
    if (start === 0) continue;
    bare.push(times[0]);
    importing.push(times[1]);
  }
  const bareMs = median(bare);
  return {
    id,
    name,
    value: median(importing) - bareMs,
    unit: "ms",
    target: { atMost: 40 },
    note: `above the ${Math.round(bareMs)} ms that a node which does nothing takes`,
    more: { bareNodeMs: bareMs },
  };
}
