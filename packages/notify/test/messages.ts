import type { NotifyMessage } from "../src/index.ts";

/** A message with everything that one can have. */
export const message: NotifyMessage = {
  id: "m1-7-failure",
  kind: "failure",
  at: Date.UTC(2026, 9, 22, 12),
  title: "A run of 'daily_sales' failed",
  facts: [
    { name: "Run", value: "scheduled__2026-10-21T00:00:00Z (scheduled)" },
    { name: "Error", value: "TypeError" },
  ],
  link: "https://millrace.example.com/dags/daily_sales/runs/scheduled__2026-10-21T00%3A00%3A00Z",
  dagId: "daily_sales",
  runId: "scheduled__2026-10-21T00:00:00Z",
};

/** A message whose texts try everything against whoever shows them. */
export const hostileMessage: NotifyMessage = {
  ...message,
  title:
    "failed\r\nBcc: everybody@example.com\r\n\r\n<!channel> & <https://evil.example|click> *b* \u202etxt.exe\u0000\u001b[31m",
  facts: [{ name: "Run\r\n.\r\nMAIL FROM:<x@y>", value: "<@U123> line one\nline two\u2028three" }],
  omitted: 14,
};
