import type { ServiceHost } from "@millrace/core/plugin";

/** What the notifier needs of the engine. */
export type NotifyHost = Pick<
  ServiceHost,
  "engine" | "clock" | "store" | "signal" | "report" | "dag" | "write" | "mask" | "metrics"
>;
