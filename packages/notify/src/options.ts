import {
  type DurationInput,
  isMillraceError,
  NOTIFY_KINDS,
  type NotifyKind,
  parseDuration,
  type Randomness,
  shown,
  systemRandomness,
} from "@millrace/core/plugin";
import { notifyError } from "./errors.ts";
import type { NotifyChannel } from "./message.ts";
import type { Defaults } from "./rules/channels-for.ts";

export interface NotifyOptions {
  /** By the names that `notify` of DAGs and tasks uses: letters, digits, `_`, `.` and `-`. */
  readonly channels: Readonly<Record<string, NotifyChannel>>;
  /** Channels for DAGs that say nothing. Default: all. */
  readonly default?: string | readonly string[];
  /** What is told where a DAG or task names no kinds. Default: failure, deadline, recovery, paused, backfill. */
  readonly events?: readonly NotifyKind[];
  /** The same about the same is told once within this time, then how often it has happened since. `0s` tells all. Default 10 min. */
  readonly dedupeWindow?: DurationInput;
  /** Messages that may wait for one channel; past that the oldest are left out, and the next says how many. Default 1,000. */
  readonly queueLimit?: number;
  /** A message that could not be sent for so long is dropped. Default 24 h. */
  readonly giveUpAfter?: DurationInput;
  /** How long one attempt to send may take. Default 30 s. */
  readonly sendTimeout?: DurationInput;
  /** The address of a page about this Millrace; messages link to `<baseUrl>/dags/<id>/runs/<id>`. Default: no links. */
  readonly baseUrl?: string;
  /** Messages hold the text of errors too, in which anything may stand. Default false: their code or class only. */
  readonly includeErrorMessage?: boolean;
  /** Two notifiers in one engine need two names. Default `notify`. */
  readonly name?: string;
  /** For the pauses between attempts. Default: the operating system's. */
  readonly randomness?: Randomness;
}

/** The options, checked, with every default filled in. */
export interface NotifySettings {
  readonly name: string;
  readonly channels: ReadonlyMap<string, NotifyChannel>;
  readonly defaults: Defaults;
  readonly dedupeMs: number;
  readonly queueLimit: number;
  readonly giveUpMs: number;
  readonly sendTimeoutMs: number;
  readonly baseUrl: string | undefined;
  readonly includesErrorMessage: boolean;
  readonly randomness: Randomness;
}

const kindsByDefault: readonly NotifyKind[] = ["failure", "deadline", "recovery", "paused", "backfill"];
const plainName = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$/;

/** @throws `NOTIFY_OPTION_INVALID` */
export function parseNotifyOptions(options: NotifyOptions): NotifySettings {
  const { name = "notify", queueLimit = 1_000, events = kindsByDefault, baseUrl } = options;
  const refuse = (option: string, why: string): never => {
    throw notifyError("NOTIFY_OPTION_INVALID", { option, where: "the notifier", why });
  };
  const durationMs = (option: string, value: DurationInput, least: number): number => {
    try {
      const ms = parseDuration(value);
      return ms >= least ? ms : refuse(option, `${shown(value)} is less than ${least} ms`);
    } catch (error) {
      if (isMillraceError(error, "NOTIFY_OPTION_INVALID")) throw error;
      return refuse(option, `${shown(value)} is no duration such as '10m'`);
    }
  };
  if (typeof name !== "string" || !plainName.test(name)) refuse("name", `${shown(name)} is no name`);
  if (typeof options.channels !== "object" || options.channels === null) refuse("channels", "an object is needed");
  const channels = new Map(Object.entries(options.channels));
  for (const [channel, given] of channels) {
    if (!plainName.test(channel)) refuse("channels", `${shown(channel)} is no name for a channel`);
    if (typeof given?.send !== "function") refuse(`channels.${channel}`, "it is no channel: it has no send()");
  }
  const names = options.default === undefined ? [...channels.keys()] : [options.default].flat();
  for (const channel of names)
    if (typeof channel !== "string" || !channels.has(channel))
      refuse(
        "default",
        `there is no channel ${shown(channel)}; there are ${[...channels.keys()].join(", ") || "none"}`,
      );
  if (!Array.isArray(events)) refuse("events", "a list of kinds is needed");
  for (const kind of events)
    if (!NOTIFY_KINDS.includes(kind)) refuse("events", `${shown(kind)} is none of ${NOTIFY_KINDS.join(", ")}`);
  if (!Number.isSafeInteger(queueLimit) || queueLimit < 1 || queueLimit > 100_000)
    refuse("queueLimit", `it is ${shown(queueLimit)}, and not a whole number from 1 to 100000`);
  return {
    name,
    channels,
    defaults: { channels: [...new Set(names)], kinds: new Set(events) },
    dedupeMs: durationMs("dedupeWindow", options.dedupeWindow ?? "10m", 0),
    queueLimit,
    giveUpMs: durationMs("giveUpAfter", options.giveUpAfter ?? "24h", 1_000),
    sendTimeoutMs: durationMs("sendTimeout", options.sendTimeout ?? "30s", 10),
    baseUrl: baseUrl === undefined ? undefined : checkedBase(baseUrl, refuse),
    includesErrorMessage: options.includeErrorMessage === true,
    randomness: options.randomness ?? systemRandomness,
  };
}

function checkedBase(baseUrl: string, refuse: (option: string, why: string) => never): string {
  if (typeof baseUrl !== "string" || !URL.canParse(baseUrl))
    return refuse("baseUrl", `${shown(baseUrl)} is no address`);
  const url = new URL(baseUrl);
  const isPlain = /^https?:$/.test(url.protocol) && url.username === "" && url.password === "" && url.search === "";
  if (!isPlain) refuse("baseUrl", "an address with http: or https:, without user, password and query, is needed");
  return url.href.replace(/\/+$/, "");
}
