import type { XComBackend, XComBackendCall } from "../xcom/backend.ts";
import type { OnOperation, XComOperation } from "../xcom/operation.ts";
import type { RuntimeServices } from "./context.ts";
import type { LogAuthor } from "./log-sink.ts";
import { fieldsText } from "./output/log-text.ts";

/** An attempt with more than that would drown its own log. */
const mostLines = 1_000;

/** The same services for one attempt, with a line at level debug in its log for each thing that an XCom part does for it. */
export function loggingXComs(services: RuntimeServices, author: LogAuthor): RuntimeServices {
  let lines = 0;
  const onOperation: OnOperation = (operation) => {
    services.onOperation?.(operation);
    if (++lines > mostLines) return;
    const { message, fields } = lineOf(operation);
    services.logs.write(author, { at: services.now(), level: "debug", message, fields: fieldsText(fields) });
  };
  return { ...services, onOperation, backend: telling(services.backend, onOperation) };
}

function telling(backend: XComBackend, onOperation: OnOperation): XComBackend {
  const told = (call: XComBackendCall | undefined): XComBackendCall => ({ ...call, onOperation });
  return {
    ...backend,
    serialize: (value, address, call) => backend.serialize(value, address, told(call)),
    serializeText: (text, address, call) => backend.serializeText(text, address, told(call)),
    serializeStream: (source, address, call) => backend.serializeStream(source, address, told(call)),
    deserialize: (stored, address, call) => backend.deserialize(stored, address, told(call)),
    deserializeText: (stored, address, call) => backend.deserializeText(stored, address, told(call)),
    deserializeStream: (stored, address, call) => backend.deserializeStream(stored, address, told(call)),
  };
}

function lineOf({ part, operation, address, bytesIn, bytesOut, durationUs, outcome, code }: XComOperation) {
  const { taskId, key } = address;
  const ratio = outcome === "done" && bytesIn > 0 ? Number((bytesOut / bytesIn).toFixed(3)) : undefined;
  const us = Math.round(durationUs);
  const what = {
    done: `${bytesIn} → ${bytesOut} bytes`,
    declined: `${bytesIn} bytes, left as they are`,
    failed: `failed${code === undefined ? "" : ` (${code})`}`,
  }[outcome];
  return {
    message: `xcom ${operation} by ${part}: '${key}' of '${taskId}', ${what}, ${us} µs`,
    fields: { part, operation, taskId, key, bytesIn, bytesOut, ratio, us, outcome, code },
  };
}
