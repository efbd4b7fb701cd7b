import { describe, expect, it } from "vitest";
import { type BreakerRecord, newRecord } from "./breaker-record.ts";
import { admit, type BreakerPolicy, type CallOutcome, isolate, openPeriodMs, reset, settle } from "./transitions.ts";
import { consecutiveFailures } from "./trip-rule.ts";

const policy: BreakerPolicy = {
  makeRule: consecutiveFailures(2),
  openForMs: 1_000,
  growth: 2,
  maxOpenForMs: 5_000,
  jitter: 0,
  probeClaimMs: 500,
  successThreshold: 2,
};
const now = 10_000;
const failure: CallOutcome = { kind: "failure", failure: { at: now, name: "Error", message: "down" } };
const success: CallOutcome = { kind: "success" };
const cancelled: CallOutcome = { kind: "cancelled" };

const closed = newRecord(0, 0);
const counting: BreakerRecord = { ...closed, failureCount: 1, trip: 1 };
const open: BreakerRecord = {
  ...closed,
  state: "OPEN",
  generation: 1,
  failureCount: 2,
  trip: 2,
  openedAt: now - 400,
  openForMs: 1_000,
  openings: 1,
  changedAt: now - 400,
};
const ripe: BreakerRecord = { ...open, openedAt: now - 1_000 };
const held: BreakerRecord = { ...open, isolated: true, openedAt: 0 };
const probing: BreakerRecord = {
  ...open,
  state: "HALF_OPEN",
  generation: 2,
  openedAt: 0,
  probe: { token: "mine", until: now + 100 },
};
const oneGood: BreakerRecord = { ...probing, probeSuccesses: 1 };
const lostProbe: BreakerRecord = { ...probing, probe: { token: "gone", until: now } };
const free: BreakerRecord = { ...probing, probe: null };

describe("every state and every event", () => {
  const cases: [string, BreakerRecord, boolean, string | null][] = [
    ["closed lets through", closed, true, null],
    ["closed with a failure lets through", counting, true, null],
    ["open refuses", open, false, null],
    ["open, period over: lets the probe through", ripe, true, "OPEN>HALF_OPEN open_period_over"],
    ["held open refuses for ever", held, false, null],
    ["half-open with a probe under way refuses", probing, false, null],
    ["half-open with a lost probe lets another one through", lostProbe, true, null],
    ["half-open without probe lets one through", free, true, null],
  ];
  it.each(cases)("a call: %s", (_, record, allowed, moved) => {
    const admission = admit(record, now, "new", policy);
    expect(admission.allowed).toBe(allowed);
    expect(admission.allowed ? arrow(admission.transition) : null).toBe(moved);
    if (admission.allowed && record.state !== "CLOSED")
      expect(admission.next.probe).toEqual({ token: "new", until: now + 500 });
  });

  const settled: [string, BreakerRecord, CallOutcome, string | null, Partial<BreakerRecord>][] = [
    ["closed, success", closed, success, null, { failureCount: 0 }],
    ["closed, success after a failure", counting, success, null, { failureCount: 0, trip: 0 }],
    ["closed, first failure", closed, failure, null, { failureCount: 1 }],
    [
      "closed, last failure",
      counting,
      failure,
      "CLOSED>OPEN failures",
      { openedAt: now, openForMs: 1_000, openings: 1 },
    ],
    ["closed, cancelled", counting, cancelled, null, { failureCount: 1 }],
    ["open, late success", open, success, null, { state: "OPEN" }],
    ["open, late failure", open, failure, null, { failureCount: 2 }],
    ["open, late cancellation", open, cancelled, null, { state: "OPEN" }],
    [
      "half-open, first good probe of two",
      probing,
      success,
      null,
      { probeSuccesses: 1, probe: null, state: "HALF_OPEN" },
    ],
    [
      "half-open, second good probe",
      oneGood,
      success,
      "HALF_OPEN>CLOSED probe_succeeded",
      { failureCount: 0, openings: 0 },
    ],
    [
      "half-open, bad probe",
      probing,
      failure,
      "HALF_OPEN>OPEN probe_failed",
      { openings: 2, openForMs: 2_000, probe: null },
    ],
    ["half-open, cancelled probe frees its place", probing, cancelled, null, { probe: null, state: "HALF_OPEN" }],
    ["half-open, outcome of a claim that ran out", lostProbe, success, null, { probe: lostProbe.probe }],
    ["held open, late success", held, success, null, { isolated: true }],
  ];
  it.each(settled)("an outcome: %s", (_, record, outcome, moved, after) => {
    const { next, transition } = settle(
      record,
      { generation: record.generation, token: "mine" },
      outcome,
      now,
      0.5,
      policy,
    );
    expect(arrow(transition)).toBe(moved);
    expect(next).toMatchObject(after);
    expect(next.generation).toBe(record.generation + (moved === null ? 0 : 1));
  });

  it.each([closed, counting, open, ripe, held, probing, oneGood, free])(
    "an outcome of an earlier period changes nothing (%#)",
    (record) => {
      for (const outcome of [success, failure, cancelled]) {
        expect(
          settle(record, { generation: record.generation - 1, token: "mine" }, outcome, now, 0.5, policy).next,
        ).toBe(record);
      }
    },
  );

  it.each([closed, counting, open, ripe, held, probing, oneGood, free])(
    "reset closes, isolate holds open (%#)",
    (record) => {
      const after = reset(record, now, policy);
      expect(after.next).toMatchObject({
        state: "CLOSED",
        failureCount: 0,
        trip: 0,
        isolated: false,
        probe: null,
        openings: 0,
      });
      expect(after.transition === null).toBe(record.state === "CLOSED");
      const isolated = isolate(record, now);
      expect(isolated.next).toMatchObject({ state: "OPEN", isolated: true });
      expect(isolated.transition === null).toBe(record.isolated);
      expect(admit(isolated.next, now + 1e9, "new", policy)).toMatchObject({ allowed: false, retryAt: null });
    },
  );
});

describe("the open period", () => {
  it("doubles with each opening up to its limit and is spread by the jitter", () => {
    expect([1, 2, 3, 4, 5].map((n) => openPeriodMs(n, 0.5, policy))).toEqual([1_000, 2_000, 4_000, 5_000, 5_000]);
    expect([0, 0.5, 1].map((roll) => openPeriodMs(1, roll, { ...policy, jitter: 0.2 }))).toEqual([800, 1_000, 1_200]);
  });

  it("is never longer than it should be after the clock was set back", () => {
    const back = now - 3_600_000;
    const admission = admit(open, back, "new", policy);
    expect(admission).toMatchObject({ allowed: false, retryAt: back + 1_000 });
    expect(admit(admission.next, back + 1_000, "new", policy).allowed).toBe(true);
    const claim = admit(probing, back, "new", policy);
    expect(claim).toMatchObject({ allowed: false, retryAt: back + 500 });
  });
});

function arrow(transition: { from: string; to: string; reason: string } | null): string | null {
  return transition && `${transition.from}>${transition.to} ${transition.reason}`;
}
