// `npm run bench [-- --tiny] [-- --only=throughput,latency,…]`
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { measureBackfill } from "./backfill.ts";
import { measureImport, measureRun } from "./cold-start.ts";
import { measureCronStep } from "./cron-step.ts";
import { type Figure, type Gap, isGap, isMet } from "./figure.ts";
import { measureFullFile } from "./full-file.ts";
import { measureLatency } from "./latency.ts";
import { measureMemory } from "./memory.ts";
import { formatPeers } from "./peers.ts";
import { measureRecovery } from "./recovery.ts";
import { measureRequests } from "./requests.ts";
import { measureSchedule } from "./schedule.ts";
import { withScratchFolder } from "./scratch-folder.ts";
import { fullSizes, type Sizes, tinySizes } from "./sizes.ts";
import { formatFigures } from "./table.ts";
import { measureThreads } from "./threads.ts";
import { measureThroughput } from "./throughput.ts";
import { measureXCom } from "./xcom.ts";

type Part = (folder: string, sizes: Sizes) => Promise<Figure | Gap | readonly (Figure | Gap)[]>;

const parts: Readonly<Record<string, Part>> = {
  throughput: measureThroughput,
  latency: measureLatency,
  threads: measureThreads,
  memory: measureMemory,
  requests: measureRequests,
  recovery: measureRecovery,
  fullFile: measureFullFile,
  schedule: measureSchedule,
  backfill: measureBackfill,
  cron: measureCronStep,
  xcom: measureXCom,
  import: measureImport,
  run: measureRun,
};

const { values: given } = parseArgs({
  options: { only: { type: "string" }, tiny: { type: "boolean" }, help: { type: "boolean" } },
});
const only = given.only?.split(",");
const unknown = only?.filter((name) => !(name in parts)) ?? [];
if (given.help || unknown.length > 0) {
  if (unknown.length > 0) console.error(`There is no part '${unknown.join("', '")}'.`);
  console.error(`npm run bench [-- --tiny] [-- --only=part,part]; parts: ${Object.keys(parts).join(", ")}`);
  process.exit(given.help ? 0 : 2);
}
const sizes = given.tiny ? tinySizes : fullSizes;

const entries: (Figure | Gap)[] = [];
for (const [name, measure] of Object.entries(parts)) {
  if (only && !only.includes(name)) continue;
  process.stderr.write(`measuring ${name} …\n`);
  entries.push(...[await withScratchFolder((folder) => measure(folder, sizes))].flat());
}

const machine = { node: process.version, cpus: cpus().length, cpu: cpus()[0]?.model.trim() ?? "unknown" };
console.log(`\nMillrace on Node ${machine.node}, ${machine.cpus} × ${machine.cpu}\n`);
console.log(formatFigures(entries));
console.log(`\n${formatPeers()}`);
console.log();
console.log(JSON.stringify({ machine, figures: Object.fromEntries(entries.map((entry) => [entry.id, plain(entry)])) }));

/** What the JSON line says of a figure. */
function plain(entry: Figure | Gap): object {
  if (isGap(entry)) return { missing: entry.why };
  const { value, unit, ratio, target, more } = entry;
  return { value, unit, ratio: ratio?.value, ratioTo: ratio?.to, target, met: isMet(entry), ...more };
}
