/** What the exit codes of the command mean. */
export const exitCodes = {
  ok: 0,
  /** The run failed, `doctor` found a fault, or the command itself broke. */
  failed: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  unavailable: 5,
  /** Ctrl-C, as shells have it. */
  interrupted: 130,
} as const;

const conflicts =
  /^(?:STORE_LOCKED|STORE_BUSY|RUN_EXISTS|RUN_ENDED|RUN_BLOCKED|NOTHING_TO_RETRY|BACKFILL_(?:STALE|EMPTY|CONFLICT|REFUSED|STATE|NOTHING_FAILED)|DAG_VERSION_GONE|FILE_EXISTS|FOLDER_NOT_EMPTY|SQLITE_BACKUP_EXISTS)$/;
const absences = /(?:_NOT_FOUND|_ABSENT|^RUN_NONE|^STORE_EMPTY|^DAGS_FOLDER_MISSING)$/;
const usages =
  /^(?:USAGE_|QUESTION_|JSON_|CONFIG_|SETTING_|PLUGIN_|DAG_|PARAMS_|POOL_UNKNOWN|BACKFILL_|TEMPLATE_|XCOM_STACK_INVALID|NODE_TOO_OLD|SECRETS_FILE_OPEN)|_INVALID$/;
const outages = /^(?:BUNDLE_|BUNDLER_|STORE_|SQLITE_|ENGINE_|REQUEST_NOT_ANSWERED|SERVICE_|FILE_|PORT_|XCOM_|SECRET_)/;

/** The exit code that an error's code stands for. */
export function exitCodeOf(code: string): number {
  if (conflicts.test(code)) return exitCodes.conflict;
  if (code !== "PLUGIN_NOT_FOUND" && absences.test(code)) return exitCodes.notFound;
  if (usages.test(code)) return exitCodes.usage;
  if (outages.test(code)) return exitCodes.unavailable;
  return exitCodes.failed;
}
