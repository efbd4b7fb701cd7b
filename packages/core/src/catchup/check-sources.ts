import type { Dag } from "../authoring/definition.ts";
import type { MillraceError } from "../errors.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import type { CatchupSource } from "../timetable/catchup.ts";
import { SourceReader } from "./source-reader.ts";

/** What a source of catchup settings has for the DAGs that have it. */
export interface CheckedCatchupSource {
  readonly source: string;
  readonly dagIds: readonly string[];
  /** What is wrong, each trouble once. */
  readonly errors: readonly MillraceError[];
}

/**
 * Asks every source of catchup settings once for each of its DAGs, as an engine would: each may take 10 s. Nothing is recorded.
 *
 * @example
 * ```ts
 * import { catchupFrom, dag } from "@millrace/core";
 * import { checkCatchupSources } from "@millrace/core/engine";
 *
 * const sales = dag("sales", { catchup: catchupFrom(() => "perhaps", { name: "flags" }) }, (d) => void d.empty("load"));
 * const [checked] = await checkCatchupSources([sales]);
 * console.log(checked?.source, checked?.errors[0]?.code); // flags CATCHUP_SOURCE_INVALID
 * ```
 */
export async function checkCatchupSources(
  dags: Iterable<Dag>,
  {
    clock = systemClock,
    signal = new AbortController().signal,
  }: { readonly clock?: Clock; readonly signal?: AbortSignal } = {},
): Promise<readonly CheckedCatchupSource[]> {
  const bySource = new Map<CatchupSource, string[]>();
  for (const { id, catchupSource } of dags)
    if (catchupSource) bySource.set(catchupSource, [...(bySource.get(catchupSource) ?? []), id]);
  return Promise.all(
    [...bySource].map(async ([source, dagIds]) => {
      const answers = await new SourceReader(source, clock).round(dagIds, signal);
      const errors = [...answers.values()].flatMap((answer) => ("error" in answer ? [answer.error] : []));
      return {
        source: source.name,
        dagIds,
        errors: [...new Map(errors.map((error) => [error.message, error])).values()],
      };
    }),
  );
}
