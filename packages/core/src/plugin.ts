/** What authors of plug-ins need: contracts, errors, and the parts to build on. */
import { assertNodeVersion } from "./node-version.ts";

export { NOTIFY_KINDS } from "./authoring/notify-setting.ts";
export type { NotifyKind, NotifyRule, NotifySetting } from "./authoring/options.ts";
export { awaitEvent, reschedule } from "./authoring/signals.ts";
export type {
  PluginContext,
  PluginEnvKey,
  PluginKind,
  PluginManifest,
  SecretsManifest,
  ServiceManifest,
  StoreBackup,
  StoreInspection,
  StoreManifest,
  StoreMigration,
  StoreVacuum,
  XComChooserManifest,
  XComPlaceManifest,
  XComStageManifest,
} from "./config/plugin-manifest.ts";
export { definePlugin, isPluginManifest, pluginContractVersion } from "./config/plugin-manifest.ts";
export type { EngineService, ServiceHost } from "./engine/service.ts";
export type { ErrorEntry, ErrorValues, MillraceErrorOptions } from "./errors.ts";
export { coreError, defineErrors, isMillraceError, MillraceError, messageOf, shown } from "./errors.ts";
export type { RunState, RunType, TaskState } from "./lifecycle/states.ts";
export { isFinished, isRunFinished, TASK_STATES } from "./lifecycle/states.ts";
export type { EngineEvent } from "./observe/engine-event.ts";
export type { ConnectionInput } from "./secrets/connection.ts";
export type { ConnectionCheck, SecretCall, SecretListing, SecretProvider } from "./secrets/provider.ts";
export type { SecretKind } from "./secrets/secret-name.ts";
export type * from "./store/contract.ts";
export { eventOf } from "./store/events-of.ts";
export { type MemoryDatabase, type MemoryStoreOptions, memoryDatabase, memoryStore } from "./store/memory-store.ts";
export type { Clock } from "./time/clock.ts";
export { systemClock } from "./time/clock.ts";
export { type DurationInput, formatDuration, parseDuration } from "./time/duration.ts";
export type { Randomness } from "./time/random.ts";
export { systemRandomness } from "./time/random.ts";
export { type StoredXCom, type XComBackend, xcomBackend } from "./xcom/backend.ts";
export { decodeValue, encodeValue } from "./xcom/codec.ts";
export type {
  PlacedXCom,
  StageResult,
  StageStream,
  XComAddress,
  XComBackendPart,
  XComCall,
  XComChoice,
  XComChooser,
  XComEnvelope,
  XComPieces,
  XComPlace,
  XComScope,
  XComSource,
  XComStage,
} from "./xcom/parts.ts";

assertNodeVersion();
