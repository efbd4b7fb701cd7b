import type { EngineService, ServiceHost } from "@millrace/core/plugin";
import { systemClock } from "@millrace/core/plugin";
import { notifyError } from "../errors.ts";
import type { NotifyMessage } from "../message.ts";
import { type NotifyOptions, type NotifySettings, parseNotifyOptions } from "../options.ts";
import { deliver, limited } from "./deliver.ts";
import { Follower } from "./follower.ts";
import { whyOf } from "./sender.ts";
import { unknownNames } from "./unknown-names.ts";

/** What became of a message that was sent for a try. */
export interface NotifyTest {
  readonly channel: string;
  readonly ok: boolean;
  readonly tookMs: number;
  /** What the channel rejected with. */
  readonly error?: unknown;
}

/** A notifier: an engine's service that can also be tried without an engine. */
export interface NotifyService extends EngineService {
  /** Names of its channels. */
  readonly channels: readonly string[];
  /**
   * Sends a message by one channel, or by all, that says that it is a test. Never rejects because of a channel.
   *
   * @throws `NOTIFY_OPTION_INVALID` (there is no such channel)
   */
  test(channel?: string, options?: { readonly signal?: AbortSignal }): Promise<readonly NotifyTest[]>;
}

/**
 * Tells people what happens in an engine, by channels. Follows the engine's events from where it stopped, on its first start
 * from now; each message is sent at least once. A channel that fails is tried again with growing pauses, is reported as an event
 * `service.failed`, and holds up neither runs nor other channels.
 *
 * @throws `NOTIFY_OPTION_INVALID`
 * @example
 * ```ts no-run
 * import { createEngine } from "@millrace/core/engine";
 * import { mail, notifyService, webhook } from "@millrace/notify";
 *
 * const notify = notifyService({
 *   channels: {
 *     ops: webhook({ url: { env: "OPS_WEBHOOK_URL" } }),
 *     team: mail({ host: "smtp.example.com", from: "millrace@example.com", to: "team@example.com" }),
 *   },
 *   default: "ops",
 * });
 * await using engine = await createEngine({ services: [notify] });
 * await engine.start();
 * ```
 */
export function notifyService(options: NotifyOptions): NotifyService {
  const settings = parseNotifyOptions(options);
  let follower: Follower | undefined;
  return {
    name: settings.name,
    channels: [...settings.channels.keys()],
    async start(host: ServiceHost) {
      const unknown = unknownNames(host, settings);
      if (unknown) host.report(unknown);
      follower = await Follower.open(settings, host);
    },
    async stop() {
      await follower?.close();
      follower = undefined;
    },
    async check({ signal }) {
      for (const [name, channel] of settings.channels)
        await limited(channel, { signal, clock: systemClock, sendTimeoutMs: settings.sendTimeoutMs }, (sending) =>
          channel.check?.(sending),
        ).catch((error: unknown) => {
          throw notifyError("NOTIFY_CHANNEL_UNFIT", { channel: name, why: whyOf(error) }, { cause: error });
        });
      return [`Channels: ${[...settings.channels.keys()].join(", ") || "none"}`];
    },
    test: (channel, { signal } = {}) => tryChannels(settings, channel, signal ?? new AbortController().signal),
  };
}

async function tryChannels(
  settings: NotifySettings,
  wanted: string | undefined,
  signal: AbortSignal,
): Promise<readonly NotifyTest[]> {
  const { channels, sendTimeoutMs, randomness } = settings;
  if (wanted !== undefined && !channels.has(wanted))
    throw notifyError("NOTIFY_OPTION_INVALID", {
      option: "channel",
      where: "the test",
      why: `there is no such channel; there are ${[...channels.keys()].join(", ") || "none"}`,
    });
  const clock = systemClock;
  const one = async (name: string): Promise<NotifyTest> => {
    const began = clock.now();
    const message: NotifyMessage = {
      id: `test-${randomness.hex(8)}`,
      kind: "test",
      at: began,
      title: `This is a test of channel '${name}'`,
      facts: [{ name: "Sent", value: new Date(began).toISOString() }],
    };
    const channel = channels.get(name);
    if (!channel) throw new TypeError("a channel that is there");
    try {
      await deliver(channel, message, { signal, clock, sendTimeoutMs });
      return { channel: name, ok: true, tookMs: clock.now() - began };
    } catch (error) {
      return { channel: name, ok: false, tookMs: clock.now() - began, error };
    }
  };
  return Promise.all((wanted === undefined ? [...channels.keys()] : [wanted]).map(one));
}
