import type { EngineEvent, NotifyKind } from "@millrace/core/plugin";
import type { NotifyHost } from "../host.ts";
import type { NotifyMessage } from "../message.ts";
import type { Occasion } from "../occasions/occasion.ts";
import { type OccasionContext, occasionsOf } from "../occasions/occasions-of.ts";
import { instantText } from "../occasions/run-facts.ts";
import type { NotifySettings } from "../options.ts";
import { channelsFor } from "../rules/channels-for.ts";
import { type DedupeWindow, type Ledger, windowKey } from "./ledger.ts";

/** A message, and the channels that it is for. */
export interface Told {
  readonly message: NotifyMessage;
  readonly channels: readonly string[];
}

/** Makes messages of events: who is told what, and what is only counted because it was told just now. */
export class Teller {
  readonly #settings: NotifySettings;
  readonly #ledger: Ledger;
  readonly #host: Pick<NotifyHost, "store" | "dag" | "mask">;
  readonly #context: OccasionContext;

  constructor(settings: NotifySettings, ledger: Ledger, host: Pick<NotifyHost, "store" | "dag" | "mask">) {
    this.#settings = settings;
    this.#ledger = ledger;
    this.#host = host;
    this.#context = { host, includesErrorMessage: settings.includesErrorMessage, mask: (text) => host.mask(text) };
  }

  /** What is told about an event now. */
  async take(event: EngineEvent, now: number): Promise<Told[]> {
    const told: Told[] = [];
    for (const occasion of await occasionsOf(event, this.#ledger, this.#context)) {
      const channels = this.#channelsFor(occasion);
      if (channels.length > 0) told.push(...(await this.#tell(occasion, { channels, now, seq: event.seq })));
    }
    return told;
  }

  /** What happened again within windows that are over now. Each that had something in it goes on for as long again. */
  closeWindows(now: number): Told[] {
    const told: Told[] = [];
    for (const [key, window] of this.#ledger.windows) {
      if (window.until > now) continue;
      this.#ledger.windows.delete(key);
      if (window.count === 0) continue;
      told.push(this.#repeated(window, now));
      this.#ledger.windows.set(key, { ...window, since: now, until: now + this.#settings.dedupeMs, count: 0 });
    }
    return told;
  }

  /** When the next window is over. */
  nextClose(): number | undefined {
    let next: number | undefined;
    for (const { until } of this.#ledger.windows.values()) next = Math.min(until, next ?? until);
    return next;
  }

  #channelsFor({ kind, dagId, taskId }: Occasion): readonly string[] {
    const dag = dagId === undefined ? undefined : this.#host.dag(dagId);
    const task = taskId === undefined ? undefined : dag?.tasks.find(({ id }) => id === taskId);
    const { defaults, channels } = this.#settings;
    const names = channelsFor(kind, {
      defaults,
      ...(dag?.notify && { dag: dag.notify }),
      ...(task?.notify && { task: task.notify }),
    });
    return names.filter((name) => channels.has(name));
  }

  async #tell(
    occasion: Occasion,
    { channels, now, seq }: { readonly channels: readonly string[]; readonly now: number; readonly seq: number },
  ): Promise<Told[]> {
    const { kind, subject } = occasion;
    const message = async (): Promise<NotifyMessage> =>
      messageOf(occasion, await occasion.facts(), seq, this.#settings);
    const { dedupeMs } = this.#settings;
    if (subject === undefined || dedupeMs === 0) return [{ message: await message(), channels }];
    const { windows } = this.#ledger;
    const key = windowKey({ kind, subject });
    const open = windows.get(key);
    if (open && open.until > now) {
      windows.set(key, { ...open, count: open.count + 1, channels: [...new Set([...open.channels, ...channels])] });
      return [];
    }
    const told: Told[] = open && open.count > 0 ? [this.#repeated(open, now)] : [];
    const made = await message();
    const { title, dagId, taskId } = occasion;
    windows.set(key, {
      id: made.id,
      kind,
      subject,
      title,
      ...(dagId === undefined ? {} : { dagId }),
      ...(taskId === undefined ? {} : { taskId }),
      channels,
      since: now,
      until: now + dedupeMs,
      count: 0,
    });
    // Once people know that it is well again, the next failure is news.
    if (kind === "recovery") windows.delete(windowKey({ kind: "failure", subject }));
    return [...told, { message: made, channels }];
  }

  #repeated({ id, kind, title, dagId, taskId, channels, since, count }: DedupeWindow, now: number): Told {
    const message: NotifyMessage = {
      id: `${id}+${since.toString(36)}`,
      kind,
      at: now,
      title: `${title}: and ${count} more since ${instantText(since)}`,
      facts: [],
      ...(dagId === undefined ? {} : { dagId, ...linkTo(this.#settings.baseUrl, { dagId }) }),
      ...(taskId === undefined ? {} : { taskId }),
      repeats: count,
    };
    return { message, channels };
  }
}

function messageOf(
  occasion: Occasion,
  facts: NotifyMessage["facts"],
  seq: number,
  { baseUrl }: NotifySettings,
): NotifyMessage {
  const { subject: _, facts: __, ...about } = occasion;
  return {
    id: `${occasion.at.toString(36)}-${seq}-${occasion.kind satisfies NotifyKind}`,
    ...about,
    facts,
    ...linkTo(baseUrl, about),
  };
}

function linkTo(
  baseUrl: string | undefined,
  { dagId, runId, taskId, backfillId }: Partial<Pick<Occasion, "dagId" | "runId" | "taskId" | "backfillId">>,
): { readonly link?: string } {
  if (baseUrl === undefined || dagId === undefined) return {};
  const steps = ["dags", dagId];
  if (backfillId !== undefined) steps.push("backfills", backfillId);
  else if (runId !== undefined) steps.push("runs", runId, ...(taskId === undefined ? [] : ["tasks", taskId]));
  return { link: `${baseUrl}/${steps.map(encodeURIComponent).join("/")}` };
}
