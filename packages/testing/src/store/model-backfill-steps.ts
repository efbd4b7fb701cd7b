import { isRunFinished } from "@millrace/core/plugin";
import fc from "fast-check";
import { addItems, backfillStates, createBackfill, createRun, moveBackfill, updateRun } from "./changes.ts";
import { at, pick, tell, text, told } from "./model-data.ts";
import { backfillAt, nowhere, runAt, type Step } from "./model-numbers.ts";

const from = fc.oneof(
  { weight: 3, arbitrary: fc.constant(backfillStates) },
  { weight: 1, arbitrary: fc.subarray([...backfillStates]) },
);
const anItem = fc.record({
  logicalDate: fc.nat({ max: 20 }),
  action: fc.constantFrom("create", "create", "reprocess", "skip"),
  reason: text,
});

const making = told(
  "createBackfill",
  fc.record({ id: fc.nat({ max: 5 }), dag: fc.nat({ max: 2 }), maxActive: fc.nat({ max: 3 }), at }),
  ({ id, dag, ...rest }, { dagNos }) =>
    createBackfill({ backfillId: `backfill-${id}`, dagNo: dagNos[dag] ?? nowhere, ...rest }),
);

/** Mostly where the items stopped. */
const adding = told(
  "addBackfillItems",
  fc.record({ backfill: pick, off: fc.constantFrom(0, 0, 0, 0, 1), items: fc.array(anItem, { maxLength: 4 }) }),
  ({ backfill, off, items }, numbers) => {
    const { backfillNo, total } = backfillAt(numbers, backfill);
    return addItems(backfillNo, items, total + off);
  },
);

const moving = told(
  "updateBackfill",
  fc.record({
    backfill: pick,
    from,
    to: fc.constantFrom("running", "running", "running", "paused", "cancelled", "completed"),
    note: text,
    at,
  }),
  ({ backfill, to, ...rest }, numbers) => moveBackfill(backfillAt(numbers, backfill).backfillNo, to, rest),
);

/** The first items of one backfill, one after the other, so that some of them are next. */
const working: fc.Arbitrary<readonly Step[]> = fc
  .tuple(
    fc.record({ backfill: pick, first: fc.nat({ max: 3 }) }),
    fc.array(fc.record({ how: fc.constantFrom("start", "start", "skip", "reprocess"), number: pick, at }), {
      minLength: 1,
      maxLength: 4,
    }),
  )
  .map(([{ backfill, first }, items]) =>
    items.map(({ how, ...rest }, index) => takers[how]({ backfill, itemNo: first + index, ...rest })),
  );

interface Taken {
  readonly backfill: number;
  readonly itemNo: number;
  readonly number: number;
  readonly at: number;
}

const takers = {
  start: (data: Taken): Step =>
    tell("createRun", data, ({ backfill, itemNo, number, at }, numbers) => {
      const { backfillNo, dagNo } = backfillAt(numbers, backfill);
      const versionNo = numbers.versions.find((version) => version.dagNo === dagNo)?.versionNo ?? nowhere;
      const date = number % 40;
      const run = { dagNo, versionNo, runId: `backfill-${date}`, type: "backfill", logicalDate: date } as const;
      return createRun({ ...run, backfill: { backfillNo, itemNo }, at });
    }),
  skip: (data: Taken): Step =>
    tell("skipBackfillItem", data, ({ backfill, itemNo }, numbers) => {
      const { backfillNo } = backfillAt(numbers, backfill);
      return { kind: "skipBackfillItem", backfillNo, itemNo, reason: "not now" };
    }),
  reprocess: (data: Taken): Step =>
    tell("reprocessRun", data, ({ backfill, itemNo, number, at }, numbers) => {
      const { backfillNo, dagNo } = backfillAt(numbers, backfill);
      const ofDag = numbers.versions.filter((version) => version.dagNo === dagNo);
      const versionNo = ofDag[number % Math.max(ofDag.length, 1)]?.versionNo ?? nowhere;
      return { kind: "reprocessRun", runNo: runAt(numbers, number), backfillNo, itemNo, versionNo, at };
    }),
};

const limiting = told(
  "setBackfillLimit",
  fc.record({ backfill: pick, maxActive: fc.nat({ max: 3 }), at }),
  ({ backfill, ...rest }, numbers) => {
    const { backfillNo } = backfillAt(numbers, backfill);
    return { kind: "setBackfillLimit", backfillNo, ...rest };
  },
);

const removing = told("deleteBackfills", fc.record({ endedBefore: at, limit: fc.nat({ max: 1 }) }), (data) => ({
  kind: "deleteBackfills",
  ...data,
}));

/** Ends runs, and reopens them. */
const ending = told(
  "updateRun",
  fc.record({ run: pick, to: fc.constantFrom("success", "failed", "queued"), at }),
  ({ run, to, at }, numbers) => {
    const from = isRunFinished(to) ? (["queued", "running"] as const) : (["success", "failed", "cancelled"] as const);
    return updateRun({ runNo: runAt(numbers, run), from, to, at });
  },
);

const alone = (arbitrary: fc.Arbitrary<Step>) => arbitrary.map((step) => [step]);

/** What is done with backfills: one step, or a few that belong together. */
export const backfilling: fc.Arbitrary<readonly Step[]> = fc.oneof(
  { weight: 2, arbitrary: alone(making) },
  { weight: 3, arbitrary: fc.tuple(adding, moving) },
  { weight: 1, arbitrary: alone(adding) },
  { weight: 1, arbitrary: alone(moving) },
  { weight: 5, arbitrary: working },
  { weight: 1, arbitrary: alone(limiting) },
  { weight: 1, arbitrary: alone(removing) },
  { weight: 3, arbitrary: alone(ending) },
);
