import type { Change, StoredError } from "../store/contract.ts";
import type { Masker } from "./masker.ts";

/** An error as it may be stored and shown. */
export function maskedError(error: StoredError, masker: Masker): StoredError {
  const { name, message, code, stack } = error;
  return {
    name: masker.mask(name),
    message: masker.mask(message),
    ...(code === undefined ? {} : { code: masker.mask(code) }),
    ...(stack === undefined ? {} : { stack: masker.mask(stack) }),
  };
}

/**
 * A change with its sentences for people, and the events that stand in it, as they may leave the process. What tasks log has
 * been masked before it came here; values, parameters and states are data and stay what they are.
 */
export function maskedChange(change: Change, masker: Masker): Change {
  switch (change.kind) {
    case "updateRun":
      return change.note === null ? change : { ...change, note: masker.mask(change.note) };
    case "finishTask":
      return change.error === null ? change : { ...change, error: masker.maskJson(change.error, "texts") };
    case "returnTask":
      return { ...change, reason: masker.mask(change.reason) };
    case "setTask":
    case "clearTask":
    case "collapseTask":
      return change.reason === null ? change : { ...change, reason: masker.mask(change.reason) };
    case "appendEvent": {
      const { event } = change;
      return event.data === null
        ? change
        : { ...change, event: { ...event, data: masker.maskJson(event.data, "texts") } };
    }
    default:
      return change;
  }
}
