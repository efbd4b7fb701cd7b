import type { NotifyKind, NotifyRule } from "@millrace/core/plugin";

/** What holds for DAGs and tasks that say nothing. */
export interface Defaults {
  readonly channels: readonly string[];
  readonly kinds: ReadonlySet<NotifyKind>;
}

/** Kinds that a task is told of when its own `notify` has only names. */
const kindsOfTask: ReadonlySet<NotifyKind> = new Set(["task_failure", "deadline"]);

/**
 * Names of the channels that are told something of this kind.
 *
 * A rule with names for each kind holds as it is: of another kind nobody is told. One with names only stands for the default
 * kinds; that of a task also for failures and missed deadlines of that task, because whoever names a task means those.
 *
 * @param task - the rule of the task that it is about, `undefined` where it is about none or the task has none
 */
export function channelsFor(
  kind: NotifyKind,
  { dag, task, defaults }: { readonly dag?: NotifyRule; readonly task?: NotifyRule; readonly defaults: Defaults },
): readonly string[] {
  const rule = task ?? dag;
  if (rule && "byKind" in rule) return rule.byKind[kind] ?? [];
  const isTold = defaults.kinds.has(kind) || (task !== undefined && kindsOfTask.has(kind));
  return isTold ? (rule?.channels ?? defaults.channels) : [];
}

/** Every name that a rule has. */
export function namesIn(rule: NotifyRule | undefined): readonly string[] {
  if (rule === undefined) return [];
  return "channels" in rule ? rule.channels : Object.values(rule.byKind).flat();
}
