/** What authors of DAGs need. */
import { assertNodeVersion } from "./node-version.ts";

export type { BranchChoice, DagBuilder, TaskFunction } from "./authoring/builder.ts";
export type {
  JsonValue,
  LineageRecord,
  PreviousRun,
  PushAllRecord,
  StateAccessor,
  TaskContext,
  TaskLog,
  XComAccessor,
  XComClearRecord,
  XComQuery,
} from "./authoring/context.ts";
export { dag } from "./authoring/dag.ts";
export type { Dag } from "./authoring/definition.ts";
export { isDag } from "./authoring/definition.ts";
export type { GroupHandle, Linkable, MappedTaskHandle, TaskHandle } from "./authoring/handles.ts";
export { type CombinedSource, concat, type ElementOf, type MapOver, zip } from "./authoring/map-source.ts";
export { type Operator, type OperatorOptions, operator } from "./authoring/operator.ts";
export type * from "./authoring/options.ts";
export { fail, skip } from "./authoring/signals.ts";
export { type CatchupFromOptions, catchupFrom } from "./catchup/catchup-from.ts";
export { type CatchupFileOptions, catchupFromFile } from "./catchup/catchup-from-file.ts";
export {
  defineConfig,
  type LiveService,
  type MillraceConfig,
  type PluginOptions,
  type PluginReference,
} from "./config/define-config.ts";
export type { ErrorEntry, ErrorValues } from "./errors.ts";
export { type CoreErrorCode, isMillraceError, MillraceError } from "./errors.ts";
export type { RunState, RunType, TaskState } from "./lifecycle/states.ts";
export type { TriggerRule } from "./readiness/trigger-rule.ts";
export type { ThreadOptions } from "./runtime/threads/thread-options.ts";
export type { Connection, ConnectionInput } from "./secrets/connection.ts";
export { type Clock, systemClock } from "./time/clock.ts";
export { type DurationInput, type DurationParts, duration, parseDuration } from "./time/duration.ts";
export type { InstantInput } from "./time/instant.ts";
export { type BusinessDaysOptions, businessDays, type Calendar } from "./timetable/calendar.ts";
export type { Catchup, CatchupOrigin, CatchupPolicy, CatchupSetting, CatchupSource } from "./timetable/catchup.ts";
export { continuous } from "./timetable/continuous.ts";
export { cron, cronTrigger } from "./timetable/cron.ts";
export type { CronOptions, CronTriggerOptions } from "./timetable/cron-options.ts";
export { type EventsOptions, events } from "./timetable/events.ts";
export { type EveryOptions, type EveryTriggerOptions, every, everyTrigger } from "./timetable/every.ts";
export { type OnCalendarOptions, onCalendar } from "./timetable/on-calendar.ts";
export { once } from "./timetable/once.ts";
export type { CalendarPeriod } from "./timetable/period.ts";
export type { DataInterval, Timetable, TimetableAnswer, TimetableDag, TimetableQuery } from "./timetable/timetable.ts";
export { union } from "./timetable/union.ts";

assertNodeVersion();
