/** Millrace's metadata store on the SQLite inside Node. */
export { type BackupOptions, backup, type SqliteBackup } from "./backup.ts";
export { type CheckOptions, check } from "./check.ts";
export { manifest } from "./manifest.ts";
export { migrate, type SqliteMigration } from "./migrate.ts";
export { type Migration, migrations } from "./migrations.ts";
export type { SqliteOptions } from "./options.ts";
export { sqlite, sqlite as default } from "./sqlite.ts";
export { type SqliteErrorCode, sqliteErrorTable } from "./sqlite-errors.ts";
export { type VacuumOptions, vacuum } from "./vacuum.ts";
