import type { EngineService } from "@millrace/core/engine";

/** What became of a message that was sent for a try. */
export interface ChannelTest {
  readonly channel: string;
  readonly ok: boolean;
  readonly tookMs: number;
  readonly error?: unknown;
}

/** A service that tells people, as far as the command uses it: that of @millrace/notify, or one like it. */
export interface Notifier extends EngineService {
  readonly channels: readonly string[];
  test(channel: string | undefined, options: { readonly signal: AbortSignal }): Promise<readonly ChannelTest[]>;
}

export function isNotifier(service: EngineService): service is Notifier {
  const { channels, test } = service as Partial<Notifier>;
  return Array.isArray(channels) && typeof test === "function";
}
