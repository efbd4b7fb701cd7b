import type { OptionReader } from "./option-reader.ts";
import { isPlainRecord } from "./option-reader.ts";

/** What somebody can be told of. */
export const NOTIFY_KINDS = [
  "failure",
  "task_failure",
  "retry",
  "deadline",
  "recovery",
  "success",
  "paused",
  "backfill",
] as const;

/** See {@link NotifySetting}. */
export type NotifyKind = (typeof NOTIFY_KINDS)[number];

/**
 * Who is told of what: the names of channels for what a notifier tells by default, names for each kind (then of no other), or
 * `false` for nobody. Channels are given to `notifyService` of @millrace/notify; a name without one is passed over with a warning.
 */
export type NotifySetting =
  | false
  | string
  | readonly string[]
  | { readonly [Kind in NotifyKind]?: false | string | readonly string[] };

/** A setting, checked: names for what is told by default, or for each kind that it names. */
export type NotifyRule =
  | { readonly channels: readonly string[] }
  | { readonly byKind: { readonly [Kind in NotifyKind]?: readonly string[] } };

const channelName = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$/;
const mostChannels = 100;

/** Reads the option `notify`; what is wrong with it is told to `read`. */
export function parseNotify(value: NotifySetting | undefined, read: OptionReader): NotifyRule | undefined {
  if (value === undefined) return undefined;
  const channels = namesOf(value);
  if (channels) return Object.freeze({ channels });
  if (typeof value !== "object" || !isPlainRecord(value)) {
    read.wrong("notify", value, "the name of a channel, a list of names, names by kind, or false is needed");
    return undefined;
  }
  const byKind: { [Kind in NotifyKind]?: readonly string[] } = {};
  for (const [kind, given] of Object.entries(value as Readonly<Record<string, unknown>>)) {
    const isKind = (NOTIFY_KINDS as readonly string[]).includes(kind);
    if (!isKind) read.wrong(`notify.${kind}`, given, `the kind is one of ${NOTIFY_KINDS.join(", ")}`);
    if (!isKind || given === undefined) continue;
    const names = namesOf(given);
    if (names) byKind[kind as NotifyKind] = names;
    else read.wrong(`notify.${kind}`, given, "the name of a channel, a list of names, or false is needed");
  }
  return Object.freeze({ byKind: Object.freeze(byKind) });
}

function namesOf(value: unknown): readonly string[] | undefined {
  if (value === false) return Object.freeze([]);
  const names: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (names.length > mostChannels) return undefined;
  const areNames = names.every((name): name is string => typeof name === "string" && channelName.test(name));
  return areNames ? Object.freeze([...new Set(names)]) : undefined;
}
