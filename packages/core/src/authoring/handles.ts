/** Carries a task's result type; exists for the compiler only. */
declare const outputType: unique symbol;
declare const elementType: unique symbol;

/** Something that stands in the order of a DAG: a task, a group, or a list of them. */
export type Linkable = TaskHandle | GroupHandle | readonly Linkable[];

/** A task of a DAG under construction: what other tasks name as their input, or stand before or after. */
export interface TaskHandle<out T = unknown> {
  readonly [outputType]?: T;
  /** The full id: with the groups around it, joined by dots. */
  readonly id: string;
  readonly dagId: string;
  /** This task runs after those. */
  after(...tasks: readonly Linkable[]): this;
  /** This task runs before those. */
  before(...tasks: readonly Linkable[]): this;
}

/** A mapped task: its result is the list of its elements' results, in order. */
export interface MappedTaskHandle<out T = unknown> extends TaskHandle<T[]> {
  readonly [elementType]?: T;
}

/** A group of tasks; `outputs` is what its build function returned. */
export interface GroupHandle<out R = unknown> {
  readonly id: string;
  readonly dagId: string;
  readonly outputs: R;
  /** All first tasks of the group run after those. */
  after(...tasks: readonly Linkable[]): this;
  /** All last tasks of the group run before those. */
  before(...tasks: readonly Linkable[]): this;
}
