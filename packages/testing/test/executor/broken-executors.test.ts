import { type Executor, type ExecutorHost, localExecutor } from "@millrace/core/engine";
import { type ExecutorUnderTest, executorCases } from "../../src/executor/executor-cases.ts";
import { proveSuite } from "../conformance/prove-suite.ts";

type Break = (inner: Executor, concurrency: number) => Partial<Executor>;

const brokenBy = (breaks: Break) => (): ExecutorUnderTest => ({
  open(options) {
    const inner = localExecutor(options);
    return { ...inner, ...breaks(inner, options.concurrency) };
  },
});

/** Changes what the host is told or asked. */
const hostBy =
  (change: (host: ExecutorHost) => Partial<ExecutorHost>): Break =>
  (inner) => ({ start: (host) => inner.start({ ...host, ...change(host) }) });

/** An executor that forgets the rule that ended attempts are told only while they are its own. */
const forgetful: Break = (_, concurrency) => {
  const running = new Map<number, { abort: { abort(reason: unknown): void } }>();
  let host: ExecutorHost;
  return {
    start: (given) => {
      host = given;
    },
    submit(job) {
      running.set(job.token, job);
      void Promise.resolve(host.perform(job)).then((outcome) => {
        running.delete(job.token);
        host.finished(job.token, outcome);
      });
    },
    cancel(token, reason) {
      running.get(token)?.abort.abort(reason);
      running.delete(token);
    },
    freeSlots: () => concurrency - running.size,
    stop: async () => {
      for (const job of running.values()) job.abort.abort(new Error("stop"));
      running.clear();
    },
  };
};

proveSuite(executorCases, {
  sound: { local: () => ({ open: localExecutor }) },
  broken: {
    "tells nothing": brokenBy(hostBy(() => ({ finished: () => undefined }))),
    "tells twice": brokenBy(
      hostBy((host) => ({
        finished(token, outcome) {
          host.finished(token, outcome);
          host.finished(token, outcome);
        },
      })),
    ),
    "tells another token": brokenBy(
      hostBy((host) => ({ finished: (token, outcome) => host.finished(token + 1, outcome) })),
    ),
    "makes an attempt twice": brokenBy(
      hostBy((host) => ({
        perform(job) {
          void host.perform(job);
          return host.perform(job);
        },
      })),
    ),
    "loses what an outcome carries": brokenBy(
      hostBy((host) => ({
        finished: (token, outcome) => host.finished(token, { ...outcome, xcoms: [], wakeAt: null }),
      })),
    ),
    "takes every end for a success": brokenBy(
      hostBy((host) => ({ finished: (token, outcome) => host.finished(token, { ...outcome, state: "success" }) })),
    ),
    "never tells of what is over at once": brokenBy(
      hostBy((host) => ({
        perform(job) {
          const performed = host.perform(job);
          return performed instanceof Promise ? performed : new Promise(() => undefined);
        },
      })),
    ),
    "always has one free slot": brokenBy(() => ({ freeSlots: () => 1 })),
    "always has every slot free": brokenBy((_, concurrency) => ({ freeSlots: () => concurrency })),
    "counts a slot less": brokenBy((inner) => ({ freeSlots: () => inner.freeSlots() - 1 })),
    "makes one attempt after the other": brokenBy((inner) => {
      let last: Promise<unknown> = Promise.resolve();
      return hostBy((host) => ({
        perform(job) {
          const performed = last.then(() => host.perform(job));
          last = performed;
          return performed;
        },
      }))(inner, 0);
    }),
    "frees the slot after it has told": brokenBy((inner) => {
      let told = 0;
      return {
        start: (host) =>
          inner.start({
            ...host,
            finished(token, outcome) {
              told++;
              host.finished(token, outcome);
              told--;
            },
          }),
        freeSlots: () => inner.freeSlots() - told,
      };
    }),
    "does not cancel": brokenBy(() => ({ cancel: () => undefined })),
    "frees no slot by cancelling": brokenBy((inner) => {
      let cancelled = 0;
      return {
        cancel(token, reason) {
          const before = inner.freeSlots();
          inner.cancel(token, reason);
          cancelled += inner.freeSlots() - before;
        },
        freeSlots: () => inner.freeSlots() - cancelled,
      };
    }),
    "forgets the reason": brokenBy((inner) => ({ cancel: (token) => inner.cancel(token, new Error("cancelled")) })),
    "cancels everything": brokenBy((inner) => {
      const tokens: number[] = [];
      return {
        submit(job) {
          tokens.push(job.token);
          inner.submit(job);
        },
        cancel: (_, reason) => {
          for (const token of tokens) inner.cancel(token, reason);
        },
      };
    }),
    "throws for a token that it does not know": brokenBy((inner) => {
      const tokens = new Set<number>();
      return {
        submit(job) {
          tokens.add(job.token);
          inner.submit(job);
        },
        cancel(token, reason) {
          if (!tokens.delete(token)) throw new Error("unknown");
          inner.cancel(token, reason);
        },
      };
    }),
    "aborts attempts that have ended": brokenBy((inner) => {
      const jobs = new Map<number, { abort: { abort(reason: unknown): void } }>();
      return {
        submit(job) {
          jobs.set(job.token, job);
          inner.submit(job);
        },
        cancel(token, reason) {
          jobs.get(token)?.abort.abort(reason);
          inner.cancel(token, reason);
        },
      };
    }),
    "tells what comes too late": brokenBy(forgetful),
    "does not abort when it stops": brokenBy(() => ({ stop: async () => undefined })),
    "waits for attempts that hang when it stops": brokenBy((inner) => {
      let running = 0;
      return {
        ...hostBy((host) => ({
          perform(job) {
            running++;
            return host.perform(job);
          },
          finished(token, outcome) {
            running--;
            host.finished(token, outcome);
          },
        }))(inner, 0),
        stop: async () => {
          await inner.stop();
          if (running > 0) throw new Error("they hang");
        },
      };
    }),
    "is stuck behind an attempt that was cancelled": brokenBy((inner) => {
      let isStuck = false;
      return {
        cancel(token, reason) {
          isStuck = true;
          inner.cancel(token, reason);
        },
        submit: (job) => (isStuck ? undefined : inner.submit(job)),
      };
    }),
  },
});
