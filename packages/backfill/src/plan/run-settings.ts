import type { Dag } from "@millrace/core";
import { coreError, decodeValue, encodeValue, shown } from "@millrace/core/plugin";
import { backfillError } from "../errors.ts";
import type { BackfillDate } from "./planned-run.ts";

/** Params or conf of a backfill: the same for all of its runs, or made for each by a pure function. */
export type PerRun = Readonly<Record<string, unknown>> | ((date: BackfillDate) => Readonly<Record<string, unknown>>);

/** What the runs of a backfill are given, as JSON text. */
export interface RunSettings {
  /** As the run sees them; `null` for none. A function is asked again and again: it must be pure. */
  readonly params: (date: () => BackfillDate) => string | null;
  /** As they were given: they are checked when a run is made. */
  readonly givenParams: (date: () => BackfillDate) => string | null;
  /** Some were given: runs that are made again get them instead of those that they had. */
  readonly hasParams: boolean;
  readonly conf: (date: () => BackfillDate) => string | null;
  /** The same for every run. */
  readonly isConstant: boolean;
}

/** Longest params, and longest conf, as JSON. */
const longestText = 4_194_304;

/**
 * Params checked against the DAG's schema, and conf.
 *
 * @throws `PARAMS_INVALID`, `BACKFILL_PARAMS_ASYNC`, `BACKFILL_OPTION_INVALID`, `REQUEST_TOO_LARGE`, `XCOM_UNSUPPORTED`; where they are made for each run, when one is asked for
 */
export function settingsOf(dag: Dag, params: PerRun | undefined, conf: PerRun | undefined): RunSettings {
  return {
    params: textOf(params, (value) => paramsText(dag, value)),
    givenParams: textOf(params, (value) => (value === undefined ? null : textWithin("params", value, dag.id))),
    hasParams: params !== undefined,
    conf: textOf(conf, (value) => confText(dag, value)),
    isConstant: typeof params !== "function" && typeof conf !== "function",
  };
}

function textOf(given: PerRun | undefined, write: (value: unknown) => string | null): RunSettings["params"] {
  if (typeof given === "function") return (date) => write(given(date()));
  const text = write(given);
  return () => text;
}

/** What a text of params or conf says, `undefined` for none. */
export function textValue(text: string | null): unknown {
  return text === null ? undefined : decodeValue(text);
}

function paramsText(dag: Dag, given: unknown): string | null {
  if (!dag.params) return given === undefined ? null : textWithin("params", given, dag.id);
  const result = dag.params["~standard"].validate(given ?? {});
  if (result instanceof Promise) {
    result.catch(() => undefined);
    throw backfillError("BACKFILL_PARAMS_ASYNC", { dagId: dag.id });
  }
  if (!result.issues) return textWithin("params", result.value, dag.id);
  const list = result.issues.map((issue) => {
    const path = (issue.path ?? []).map((step) => String(typeof step === "object" ? step.key : step)).join(".");
    return `  - ${path === "" ? "params" : path}: ${issue.message}`;
  });
  throw coreError("PARAMS_INVALID", { dagId: dag.id, list: list.join("\n") });
}

function confText(dag: Dag, given: unknown): string | null {
  if (given === undefined) return null;
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw backfillError("BACKFILL_OPTION_INVALID", {
      option: "conf",
      value: shown(given),
      expected: "a plain object is needed",
    });
  const text = textWithin("conf", given, dag.id);
  return text === "{}" ? null : text;
}

function textWithin(what: "params" | "conf", value: unknown, dagId: string): string {
  const text = encodeValue(value);
  if (text.length <= longestText) return text;
  throw coreError("REQUEST_TOO_LARGE", { what, dagId, size: text.length, limit: longestText });
}
