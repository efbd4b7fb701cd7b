import { isPlainText } from "../authoring/identifiers.ts";
import { coreError, shown } from "../errors.ts";

/** Events that the engine makes itself begin so; nobody else may await or signal them. */
const own = "millrace:";
const runEnd = /^millrace:run:(\d+)$/;
const longestName = 500;

/** Event that a waiting trigger task awaits: the end of that run. */
export function runEndEvent(runNo: number): string {
  return `${own}run:${runNo}`;
}

/** Number of the run whose end the event is; `undefined` for every other event. */
export function runOfEvent(event: string): number | undefined {
  const number = runEnd.exec(event)?.[1];
  return number === undefined ? undefined : Number(number);
}

/** True for the names of the engine's own events. */
export function isEngineEvent(event: string): boolean {
  return event.startsWith(own);
}

/** True for text that may name an event. */
export function isEventName(event: unknown): event is string {
  return isPlainText(event, longestName);
}

/**
 * Checks the name of an event that somebody wants to signal.
 *
 * @throws `EVENT_NAME_INVALID`
 */
export function checkSignalName(event: unknown): string {
  if (!isEventName(event) || isEngineEvent(event)) throw coreError("EVENT_NAME_INVALID", { event: shown(event) });
  return event;
}
