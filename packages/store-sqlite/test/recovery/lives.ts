import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Store } from "@millrace/core/plugin";
import { sqlite } from "../../src/index.ts";
import type { LifePlan } from "./engine-life.ts";

/** How a process ended, and what it had said. */
export interface LifeEnd {
  readonly signal: NodeJS.Signals | null;
  readonly code: number | null;
  readonly lines: readonly string[];
}

/** What the parent does to a process besides. */
export interface LifeOptions extends LifePlan {
  /** Has it close once it says this. */
  readonly closeAt?: string;
  /** Kills it once it has said so many lines after `started`. */
  readonly killAfterLines?: number;
  /** Stops it (`SIGSTOP`) once it has said so many lines after `started`, and has it go on when this has resolved. */
  readonly pause?: { readonly afterLines: number; readonly while: () => Promise<void> };
}

/**
 * Starts a process with an engine, asks it for things as another process does, and waits until it has died, or has done
 * everything and closed.
 */
export async function live({ closeAt, killAfterLines, pause, ...plan }: LifeOptions): Promise<LifeEnd> {
  const script = join(import.meta.dirname, "engine-life.ts");
  const child = spawn(process.execPath, ["--conditions=millrace-source", script, JSON.stringify(plan)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.on("error", () => undefined);
  const ended = new Promise<Pick<LifeEnd, "signal" | "code">>((resolve) =>
    child.once("close", (code, signal) => resolve({ code, signal })),
  );
  await using requests = new Requests(plan.folder);
  const lines: string[] = [];
  let filed = 0;
  let sinceStart = -1;
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (sinceStart >= 0 || line === "started") sinceStart++;
    if (killAfterLines !== undefined && sinceStart >= killAfterLines) child.kill("SIGKILL");
    if (sinceStart === pause?.afterLines) {
      child.kill("SIGSTOP");
      await pause.while();
      child.kill("SIGCONT");
    }
    if (closeAt !== undefined && line.startsWith(closeAt)) child.stdin.end();
    if (line === "started") for (let life = 0; life <= plan.life; life++) filed += await requests.signal(life);
    const [, dagId, runId] = /^ended (quick|hopeless) (.*)$/.exec(line) ?? [];
    if (dagId !== undefined && runId !== undefined) filed += await requests.repeat(dagId, runId);
    if (line !== "over") continue;
    // What was asked for meanwhile may still be to be done.
    if (filed > 0) child.stdin.write("again\n");
    else child.stdin.end();
    filed = 0;
  }
  return { ...(await ended), lines };
}

/** Files requests for the engine; those that were filed in a former life are not filed again. */
class Requests {
  readonly #path: string;
  #store: Store | undefined;

  constructor(folder: string) {
    this.#path = join(folder, "millrace.db");
  }

  /** The event that a task of this life's runs awaits. */
  signal(life: number): Promise<number> {
    return this.#file(`signal-${life}`, "signal", { event: `go:life-${life}-0` });
  }

  /** A quick run is cleared, a hopeless one retried; both once. */
  repeat(dagId: string, runId: string): Promise<number> {
    return dagId === "quick"
      ? this.#file(`clear-${runId}`, "clear", { dagId, runId, selection: { tasks: ["two"] } })
      : this.#file(`retry-${runId}`, "retry", { dagId, runId });
  }

  async #file(requestId: string, operation: string, payload: object): Promise<number> {
    if (!this.#store) {
      this.#store = sqlite({ path: this.#path });
      await this.#store.open("client");
    }
    const before = await this.#store.requests.pending(1_000);
    const [outcome] = await this.#store.commit([
      { kind: "fileRequest", requestId, operation, payload: JSON.stringify(payload), at: Date.now() },
    ]);
    if (outcome?.status !== "filed") throw new Error(`not filed: ${JSON.stringify(outcome)}`);
    const row = await this.#store.requests.get(outcome.requestNo);
    const isNew = row?.answeredAt === null && !before.some(({ requestNo }) => requestNo === outcome.requestNo);
    return isNew ? 1 : 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store?.close();
  }
}
