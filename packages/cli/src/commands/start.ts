import { resolve } from "node:path";
import { parseDuration } from "@millrace/core";
import type { Engine, EngineService, LoadedDags } from "@millrace/core/engine";
import { messageOf, systemClock } from "@millrace/core/plugin";
import { defineCommand, type Given } from "../command.ts";
import { leaveEngineNote } from "../engine-note.ts";
import { exitCodes } from "../exit-codes.ts";
import { openEngine, sortOut } from "../open-engine.ts";
import { wholeNumber } from "../option-values.ts";
import { Account } from "../serving/account.ts";
import type { Session } from "../session.ts";
import { safeLine } from "../terminal/safe-text.ts";

export default defineCommand({
  about: [
    "Makes the runs that are due by the schedules of DAGs, those first that were missed and that `catchup` wants, and those that are asked for (`dags trigger`, `run`, `runs retry`, …); and goes on with what was left unfinished.",
    "DAG files that change are loaded anew: runs under way keep the version that they began with, and a file that is broken leaves what it gave before.",
    "SIGTERM or Ctrl-C: no attempt begins any more, and those under way may end within --grace. A second one, or the end of the grace, hands them back at once: the next engine makes them again, and that uses up no retry.",
  ].join("\n\n"),
  options: [
    { flags: "--concurrency <n>", says: "tasks that run at once (default: 32)", parse: wholeNumber(1, 100_000) },
    {
      flags: "--metrics-port <n>",
      says: "serve what is measured, for Prometheus, to this machine only (0: any free port)",
      parse: wholeNumber(0, 65_535),
    },
    {
      flags: "--health-port <n>",
      says: "answer /health and /ready, to this machine only (0: any free port)",
      parse: wholeNumber(0, 65_535),
    },
    {
      flags: "--health-file <path>",
      says: "keep a file that says how it is, written every 5 s and removed at the end",
    },
    { flags: "--no-watch", says: "do not load DAG files anew when they change" },
    { flags: "--grace <duration>", says: "how long attempts under way may take when it is to stop", default: "30s" },
  ],
  examples: [
    ["millrace start", "work until Ctrl-C"],
    ["millrace start --concurrency 8 --grace 5m", "eight tasks at once, patient at the end"],
    ["millrace start -o json", "a JSON line for everything that it tells"],
  ],
  async run(session, given) {
    const graceMs = parseDuration(given.text("grace"));
    session.concurrency = given.value<number>("concurrency");
    const account = new Account(session, await session.core());
    const signals = new Signals(session);
    const engine = await openTelling(session, account, given);
    const { home } = await session.config();
    const takeNote = leaveEngineNote(home, "start");
    const releaseStray = session.io.onStrayError((error, kind) =>
      session.warn(
        `${kind === "exception" ? "An error was thrown outside of every task" : "A promise was rejected and nobody awaited it"}: ${safeLine(messageOf(error))}`,
      ),
    );
    // Nothing else may keep the process alive while there is nothing to do.
    const alive = setInterval(() => undefined, 2 ** 30);
    try {
      account.adopted(await engine.start());
      const broken = await Promise.race([signals.first, engine.whenStopped()]);
      if (broken) throw broken;
      await drain(session, engine, { account, graceMs, again: signals.second });
      return exitCodes.ok;
    } finally {
      clearInterval(alive);
      await engine.close();
      takeNote();
      signals.release();
      releaseStray();
    }
  },
});

async function openTelling(session: Session, account: Account, given: Given): Promise<Engine> {
  const core = await session.core();
  const { home, dags: folder } = await session.config();
  const first = await session.dags();
  // What is recorded has to be found again after a crash, and that needs the code.
  if (first.notKept !== undefined) throw first.notKept;
  const { fit, unfit } = await sortOut(
    session,
    first.dags.map(({ dag }) => dag),
  );
  const configured = await core.resolveServices(await session.config());
  const { backfillService } = await import("@millrace/backfill");
  const ownBackfills = backfillService();
  const services: EngineService[] = [
    ...(await healthOf(session, account, given)),
    core.requestService({ home }),
    core.bundleService({ home }),
    core.collectorService(),
    core.retentionService({ retention: (await session.config()).retention }),
    ...configured.services,
    ...(configured.services.some(({ name }) => name === ownBackfills.name) ? [] : [ownBackfills]),
  ];
  if (given.value<boolean>("watch") !== false) {
    const { reloadService } = await import("../serving/reload-service.ts");
    const load = (): Promise<LoadedDags> => core.loadDags({ folder, home });
    const taken = first.dags.filter(({ dag }) => fit.includes(dag));
    services.push(reloadService({ folder, taken, load, onReload: (reloaded) => account.reloaded(reloaded) }));
  }
  const metricsPort = given.value<number>("metricsPort");
  if (metricsPort !== undefined) {
    const { metricsService } = await import("../serving/metrics-service.ts");
    services.push(metricsService(metricsPort, (url) => account.measured(url)));
  }
  const engine = await openEngine(session, { dags: fit, services, watchdog: {} });
  engine.observe((event) => account.tell(event));
  account.began({ location: await session.storeLocation(), dags: fit.length, unfit, errors: first.errors });
  return engine;
}

/** First of all: whoever watches sees an engine that is not ready yet. */
async function healthOf(session: Session, account: Account, given: Given): Promise<readonly EngineService[]> {
  const port = given.value<number>("healthPort");
  const file = given.value<string>("healthFile");
  if (port === undefined && file === undefined) return [];
  const { healthService } = await import("../serving/health-service.ts");
  const path = file === undefined ? undefined : resolve(session.io.cwd, file);
  return [healthService({ port, file: path, onOpen: (url) => account.watched(url) })];
}

/** Waits for the attempts under way: until they have ended, the grace is over, or somebody asks again. */
async function drain(
  session: Session,
  engine: Engine,
  { account, graceMs, again }: { readonly account: Account; readonly graceMs: number; readonly again: Promise<void> },
): Promise<void> {
  const store = await session.neededReader();
  const drained = engine.drain();
  account.draining((await store.tasks.running()).length, graceMs);
  const over = new AbortController();
  await Promise.race([drained, systemClock.sleep(graceMs, over.signal), again]);
  over.abort();
  const left = (await store.tasks.running()).length;
  await engine.close();
  account.ended(left);
}

/** The requests to stop. After the second one, the next ends the process. */
class Signals {
  readonly first: Promise<undefined>;
  readonly second: Promise<void>;
  readonly release: () => void;

  constructor(session: Session) {
    const [first, second] = [Promise.withResolvers<undefined>(), Promise.withResolvers<void>()];
    this.first = first.promise;
    this.second = second.promise;
    let count = 0;
    this.release = session.io.onInterrupt(() => {
      count++;
      if (count === 1) first.resolve(undefined);
      else if (count === 2) second.resolve();
      else session.io.exit(exitCodes.interrupted);
    });
  }
}
