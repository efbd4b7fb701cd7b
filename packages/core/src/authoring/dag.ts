import type { StandardSchemaV1 } from "@standard-schema/spec";
import { coreError, type MillraceError, shown } from "../errors.ts";
import { DagBuilder, DagDraft } from "./builder.ts";
import { type Dag, dagBrand } from "./definition.ts";
import { isDagId } from "./identifiers.ts";
import { OptionReader } from "./option-reader.ts";
import type { DagOptions } from "./options.ts";
import { parseDagOptions } from "./parse-dag-options.ts";
import { parseDefaults } from "./parse-task-options.ts";

type ParamsOut<S> = S extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<S> : Readonly<Record<string, unknown>>;
type ParamsIn<S> = S extends StandardSchemaV1 ? StandardSchemaV1.InferInput<S> : Readonly<Record<string, unknown>>;

/**
 * Defines a DAG: tasks and what depends on what. The result is immutable and holds no connection to anything.
 *
 * @param id - 1 to 200 letters, digits, `_`, `-` or dots
 * @param build - adds the tasks; called once, at once, and must not be async
 * @throws `DAG_INVALID`, which lists every mistake of the DAG in `issues`, each with its own code
 * @example
 * ```ts
 * import { dag } from "@millrace/core";
 *
 * export default dag("greeting", { description: "Says hello" }, (d) => {
 *   const name = d.task("name", () => "Ada");
 *   d.task("greet", { input: name }, ({ input, log }) => log.info(`Hello ${input}`));
 * });
 * ```
 */
export function dag<const S extends StandardSchemaV1 | undefined = undefined>(
  id: string,
  options: DagOptions<S>,
  build: (d: DagBuilder<ParamsOut<S>>) => void,
): Dag<ParamsIn<S>> {
  const mistakes: MillraceError[] = [];
  if (!isDagId(id)) mistakes.push(coreError("DAG_ID_INVALID", { what: "DAG", id: shown(id) }));
  const where = `DAG ${shown(id).replaceAll('"', "'")}`;
  const given = new OptionReader(where, mistakes).options("options", options) as DagOptions<S>;
  const parsed = parseDagOptions({ id, where }, given, mistakes);
  const draft = new DagDraft(
    id,
    {
      schedule: parsed.schedule,
      failFast: parsed.failFast,
      defaults: given.dependsOnPast ? { dependsOnPast: true } : {},
    },
    mistakes,
  );
  if (typeof build !== "function") throw invalid(id, [...mistakes, buildMissing(where, build)]);
  const defaults = parseDefaults(where, given.defaults, mistakes);
  draft.refusePromise(build(new DagBuilder<ParamsOut<S>>(draft, "", defaults)), where);
  const shape = draft.finish();
  if (mistakes.length > 0) throw invalid(id, mistakes);
  const definition = { id, ...parsed, ...shape };
  Object.defineProperty(definition, dagBrand, { value: true });
  return Object.freeze(definition) as Dag<ParamsIn<S>>;
}

function buildMissing(where: string, build: unknown): MillraceError {
  const expected = "a function that adds the tasks is needed, as the third argument";
  return coreError("DAG_OPTION_INVALID", { option: "build", where, value: shown(build), expected });
}

function invalid(dagId: string, mistakes: readonly MillraceError[]): MillraceError {
  const list = mistakes.map((mistake) => `  - ${mistake.code}: ${mistake.message}. ${mistake.cure}`).join("\n");
  return coreError(
    "DAG_INVALID",
    { dagId: shown(dagId).slice(1, -1), count: mistakes.length, list },
    { issues: mistakes },
  );
}
