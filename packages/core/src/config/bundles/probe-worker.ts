import { parentPort } from "node:worker_threads";
import { systemClock } from "../../time/clock.ts";
import { exportedDags } from "../exported-dags.ts";
import type { Bundle } from "./bundle-folder.ts";
import { type CarriedError, packError } from "./carried-error.ts";
import { runBundle } from "./load-bundle.ts";

/** What a probe is asked. */
export interface ProbeQuestion {
  readonly bundle: Bundle;
  /** How long what a file has begun may take to end. */
  readonly graceMs: number;
}

/** What was found out about a bundle. */
export type ProbeAnswer =
  | { readonly kind: "ready" }
  | { readonly kind: "good"; readonly dagIds: readonly string[] }
  | { readonly kind: "failed"; readonly error: CarriedError }
  | { readonly kind: "left_open"; readonly what: readonly string[] }
  | { readonly kind: "exiting"; readonly code: string; readonly error: CarriedError };

const longestLookMs = 50;

const answer = (found: ProbeAnswer): void => parentPort?.postMessage(found);

// It would only end this thread, but nobody would learn where it was called.
const { exit } = process;
Object.assign(process, {
  exit: (code?: string | number | null) => {
    answer({ kind: "exiting", code: String(code ?? 0), error: packError(new Error("the process was to end here")) });
    return exit(code);
  },
});

parentPort?.on("message", ({ bundle, graceMs }: ProbeQuestion) => void probe(bundle, graceMs).then(answer));
answer({ kind: "ready" });

async function probe(bundle: Bundle, graceMs: number): Promise<ProbeAnswer> {
  const before = openThings();
  try {
    const dagIds = exportedDags(await runBundle(bundle)).map(({ id }) => id);
    const what = await leftOpen(before, graceMs);
    return what.length === 0 ? { kind: "good", dagIds } : { kind: "left_open", what };
  } catch (error) {
    return { kind: "failed", error: packError(error) };
  }
}

/** What keeps this thread alive, and did not before; things on their way to an end are given the time to come to it. */
async function leftOpen(before: readonly string[], graceMs: number): Promise<readonly string[]> {
  for (let waitedMs = 0, pauseMs = 1; ; waitedMs += pauseMs, pauseMs = Math.min(pauseMs * 2, longestLookMs)) {
    // At least once, so that a rejection that nobody handles has ended this thread by now.
    await systemClock.sleep(pauseMs);
    const what = without(openThings(), before);
    if (what.length === 0 || waitedMs >= graceMs) return what;
  }
}

function openThings(): readonly string[] {
  return process.getActiveResourcesInfo();
}

function without(all: readonly string[], known: readonly string[]): readonly string[] {
  const left = [...all];
  for (const name of known) {
    const at = left.indexOf(name);
    if (at >= 0) left.splice(at, 1);
  }
  return left;
}
