/** What host programs need: an engine in their own process, its configuration, and what shows runs to people. */
import { assertNodeVersion } from "./node-version.ts";

export { checkDagId, checkRunId, checkTaskPath, checkXComKey } from "./authoring/identifiers.ts";
export { type CheckedCatchupSource, checkCatchupSources } from "./catchup/check-sources.ts";
export type { CatchupState } from "./catchup/kept-catchup.ts";
export { parseCatchupText } from "./catchup/parse-setting-text.ts";
export {
  type CollectBundlesOptions,
  type CollectedBundles,
  collectBundles,
} from "./config/bundles/collect-bundles.ts";
export { type BundleInspection, inspectBundles } from "./config/bundles/inspect-bundles.ts";
export { type BundleAddress, bundleOfDag, dagOfBundle, loadBundle } from "./config/bundles/load-bundle.ts";
export { type EnvironmentKey, environmentKeys } from "./config/environment.ts";
export {
  type ConfigExplanation,
  type ExplainedKey,
  type ExplainedSetting,
  explainConfig,
} from "./config/explain-config.ts";
export { configFileNames } from "./config/find-config.ts";
export type { SkippedFile } from "./config/find-dag-files.ts";
export {
  type ConfigFlags,
  type LoadConfigOptions,
  type LoadedConfig,
  loadConfig,
  type Origin,
} from "./config/load-config.ts";
export {
  type DagImportError,
  type DagSource,
  type LoadDagsOptions,
  type LoadedDag,
  type LoadedDags,
  loadDags,
} from "./config/load-dags.ts";
export { type ResolvedSecrets, resolveSecrets } from "./config/resolve-secrets.ts";
export { type ResolvedServices, resolveServices } from "./config/resolve-services.ts";
export { type ResolvedStore, resolveStore } from "./config/resolve-store.ts";
export { type ResolvedXCom, resolveXComBackend } from "./config/resolve-xcom.ts";
export { masked } from "./config/secrets.ts";
export type { BackfillRunOptions, BackfillRunRefused, BackfillRuns } from "./engine/backfill-runs.ts";
export { type BundleServiceOptions, bundleService } from "./engine/bundle-service.ts";
export { type CatchupNotice, readCatchup } from "./engine/catchup-settings.ts";
export { type CollectorServiceOptions, collectorService } from "./engine/collector-service.ts";
export { createEngine, type EngineNotice, type EngineOptions } from "./engine/create-engine.ts";
export type { Engine } from "./engine/engine.ts";
export type { DryRun, EngineStart, StartOptions } from "./engine/engine-parts.ts";
export type { EngineHealth } from "./engine/health.ts";
export type { RunOptions } from "./engine/parse-run-request.ts";
export { readStoredXCom, type StoredXComQuery } from "./engine/read-stored-xcom.ts";
export type { RenewXComsOptions, XComsRenewed } from "./engine/renewals.ts";
export type { DagReplaced, DagReplacement } from "./engine/replace-dags.ts";
export { type FileRequestOptions, fileRequest } from "./engine/requests/file-request.ts";
export { type EngineSign, pingEngine } from "./engine/requests/nudge-socket.ts";
export type { EngineRequest } from "./engine/requests/request.ts";
export { type RequestServiceOptions, requestService } from "./engine/requests/request-service.ts";
export type { RequestHandler, ServiceRequest } from "./engine/requests/service-requests.ts";
export type { ExpiredScope } from "./engine/retention/expired-scope.ts";
export { type FoundExpired, type FoundRuns, findExpired } from "./engine/retention/find-expired.ts";
export {
  type RemovedExpired,
  type RemovedRuns,
  type RemoveExpiredOptions,
  removeExpired,
} from "./engine/retention/remove-expired.ts";
export {
  type AgeRetention,
  parseRetention,
  type RetentionOptions,
  type RetentionRules,
  type RunRetention,
  type RunRule,
} from "./engine/retention/retention-rules.ts";
export { cleanRequest, type RetentionServiceOptions, retentionService } from "./engine/retention/retention-service.ts";
export {
  type RunOutcome,
  type RunResult,
  readRunOutcome,
  type TaskInstanceResult,
  type TaskResult,
} from "./engine/run-result.ts";
export type { EngineService, ServiceHost } from "./engine/service.ts";
export { closeXComParts, openXComParts, type XComNotice } from "./engine/xcom-parts.ts";
export { type DagSnapshot, snapshotOf, type TaskSnapshot } from "./graph/snapshot.ts";
export { maskSecrets } from "./masking/masker.ts";
export type { EngineEvent, EngineListener, FollowOptions, ObserveOptions } from "./observe/engine-event.ts";
export { type FollowStoreOptions, followStore } from "./observe/follow-store.ts";
export { type Executor, type ExecutorHost, localExecutor } from "./runtime/executor.ts";
export type { TaskLine } from "./runtime/log-sink.ts";
export type { ThreadOptions } from "./runtime/threads/thread-options.ts";
export type { RefusedRun } from "./scheduler/asks.ts";
export type {
  AffectedTask,
  AffectedXCom,
  MarkedState,
  OperationResult,
  TaskSelection,
} from "./scheduler/operations/operation.ts";
export type { CatchupSet, RunAnswer } from "./scheduler/requests.ts";
export type { Connection, ConnectionInput } from "./secrets/connection.ts";
export { environmentSecrets } from "./secrets/environment-provider.ts";
export { fileSecrets } from "./secrets/file-provider.ts";
export { givenSecrets } from "./secrets/given-provider.ts";
export {
  type InspectConnectionsOptions,
  type ListedConnection,
  type ListedConnections,
  listConnections,
  type TestedConnection,
  testConnection,
} from "./secrets/inspect-connections.ts";
export type { ConnectionCheck, SecretCall, SecretListing, SecretProvider } from "./secrets/provider.ts";
export { memoryStore } from "./store/memory-store.ts";
export { formatDuration } from "./time/duration.ts";
export { formatInstant, parseInstant } from "./time/instant.ts";
export type { Meter } from "./time/meter.ts";
export { instantOf } from "./time/temporal.ts";
export { parseCatchup } from "./timetable/catchup.ts";
export type { ClockNote } from "./timetable/clock-notes.ts";
export { type NextRun, type NextRuns, nextRuns } from "./timetable/next-runs.ts";
export { intervalOf, type Tick, type TickQuery, type Ticks, ticksOf } from "./timetable/ticks.ts";

export {
  type CollectedAmount,
  type CollectedPlace,
  type CollectOptions,
  collectXComs,
} from "./xcom/collector/collect.ts";
export type { CollectorReads } from "./xcom/collector/judge.ts";
export { placesOf } from "./xcom/collector/placed-refs.ts";
export { countXComKeys, type XComKeyUse, type XComKeyUseQuery } from "./xcom/key-uses.ts";
export type { XComOperation } from "./xcom/operation.ts";
export { readXComTotals, type XComTotal } from "./xcom/xcom-totals.ts";
export { measureXComs, type XComUsage, type XComUsageOptions } from "./xcom/xcom-usage.ts";

assertNodeVersion();
