/** One stands before the other: ids of tasks, or of groups that stand for tasks in them. */
export interface DraftLink {
  readonly from: readonly string[];
  readonly to: readonly string[];
}

export interface DraftTask {
  readonly id: string;
  readonly role: "work" | "setup" | "teardown";
}

export type Edge = readonly [from: number, to: number];

export interface ResolvedEdges {
  /** Pairs of places in the list of tasks, each pair once. */
  readonly edges: readonly Edge[];
  /** Ids of the tasks with which a group begins; of a task itself. */
  firstOf(id: string): readonly string[];
}

/**
 * Takes groups apart: a link to a group goes to its first tasks, a link from it leaves from its last ones, where teardowns do
 * not count. Which these are depends on the order inside, so what links things of an inner group is looked at before what links
 * the group itself. Ids that are neither task nor group are left out.
 */
export function resolveEdges(
  tasks: readonly DraftTask[],
  groups: ReadonlyMap<string, readonly string[]>,
  links: readonly DraftLink[],
): ResolvedEdges {
  const numberOf = new Map(tasks.map(({ id }, number) => [id, number]));
  const edges: Edge[] = [];
  const seen = new Set<number>();
  const before: number[][] = tasks.map(() => []);
  const behind: number[][] = tasks.map(() => []);

  const ends = (id: string, end: "first" | "last"): readonly number[] => {
    const number = numberOf.get(id);
    if (number !== undefined) return [number];
    const inside = new Set((groups.get(id) ?? []).flatMap((task) => numberOf.get(task) ?? []));
    const goesOn = (next: number): boolean => inside.has(next) && tasks[next].role !== "teardown";
    return [...inside].filter((task) =>
      end === "first"
        ? !before[task].some((previous) => inside.has(previous))
        : tasks[task].role !== "teardown" && !behind[task].some(goesOn),
    );
  };
  const join = (from: number, to: number): void => {
    const key = from * tasks.length + to;
    if (seen.has(key)) return;
    seen.add(key);
    edges.push([from, to]);
    before[to].push(from);
    behind[from].push(to);
  };

  for (const { from, to } of innermostFirst(links)) {
    const starts = from.flatMap((id) => ends(id, "last"));
    const targets = to.flatMap((id) => ends(id, "first"));
    for (const start of starts) for (const target of targets) join(start, target);
  }
  return { edges, firstOf: (id) => ends(id, "first").map((number) => tasks[number].id) };
}

function innermostFirst(links: readonly DraftLink[]): readonly DraftLink[] {
  const depths = links.map((link) => depthOf(link));
  if (depths.every((depth) => depth === depths[0])) return links;
  return links
    .map((link, place) => ({ link, depth: depths[place] }))
    .sort((a, b) => b.depth - a.depth)
    .map(({ link }) => link);
}

/** How many groups are around all that a link names. */
function depthOf({ from, to }: DraftLink): number {
  let common: readonly string[] | undefined;
  for (const id of [...from, ...to]) {
    const around = id.split(".").slice(0, -1);
    if (common === undefined) common = around;
    else {
      const differs = common.findIndex((part, place) => around[place] !== part);
      if (differs >= 0) common = common.slice(0, differs);
    }
  }
  return common?.length ?? 0;
}
