import type { DagSnapshot, TaskSnapshot } from "@millrace/core/engine";

/** A DAG as every drawing sees it: boxes with a label, and arrows between their numbers. */
export interface DagPicture {
  readonly id: string;
  readonly nodes: readonly PictureNode[];
  readonly edges: readonly (readonly [from: number, to: number])[];
  readonly groups: DagSnapshot["groups"];
}

export interface PictureNode {
  readonly id: string;
  /** What stands in the box: the id, with a mark for kinds that behave in a way of their own. */
  readonly label: string;
  readonly kind: TaskSnapshot["kind"];
  readonly role: TaskSnapshot["role"];
}

/** Marks in labels, and what they mean. */
export const kindMarks: Readonly<
  Partial<Record<TaskSnapshot["kind"] | TaskSnapshot["role"], readonly [mark: string, says: string]>>
> = {
  map: ["[*]", "mapped: one instance per element"],
  branch: [" ◇", "branch: chooses what follows"],
  short_circuit: [" ⊘", "short circuit: may end the run here"],
  trigger: [" ↗", "starts a run of another DAG"],
  setup: [" ↥", "setup"],
  teardown: [" ↧", "teardown"],
};

export function pictureOf(dag: DagSnapshot): DagPicture {
  return {
    id: dag.id,
    nodes: dag.tasks.map(({ id, kind, role }) => ({
      id,
      kind,
      role,
      label: `${id}${kindMarks[kind]?.[0] ?? ""}${kindMarks[role]?.[0] ?? ""}`,
    })),
    edges: dag.tasks.flatMap((task, to) => task.upstream.map((from) => [from, to] as const)),
    groups: dag.groups,
  };
}
