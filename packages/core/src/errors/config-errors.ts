import type { ErrorEntry } from "../errors.ts";

/** Mistakes in configurations, plug-ins and DAG files, and what can happen to their bundles. */
export const configErrors = {
  CONFIG_INVALID: {
    says: "{path} is not a valid configuration:\n{list}",
    cure: "Correct the settings and variables named, each in its place.",
  },
  SETTING_INVALID: {
    says: "{setting} is {value}, but {expected}",
    cure: "Give the setting a value of the stated kind.",
  },
  SETTING_UNKNOWN: {
    says: "{setting} is no setting",
    cure: "Remove it, or use one of: {known}.",
  },
  SETTING_KEY_REFUSED: {
    says: "{setting} is a key that may not be used",
    cure: "Remove it; '__proto__', 'constructor' and 'prototype' could reach into other objects.",
  },
  CONFIG_NOT_FOUND: {
    says: "There is no configuration file at {path}",
    cure: "Run `millrace init`, or give --config the right path.",
  },
  CONFIG_LOAD_FAILED: {
    says: "{path} could not be loaded: {why}",
    cure: "Correct the file; the place is in the cause.",
  },
  PLUGIN_NOT_FOUND: {
    says: "Package '{name}' is not installed for {from}",
    cure: "Install it there: npm install {name}",
  },
  PLUGIN_INVALID: {
    says: "'{name}' is no Millrace plug-in for {kind}: {why}",
    cure: "Check the name and its version; a plug-in exports a manifest of that kind.",
  },
  PLUGIN_OPTIONS_INVALID: {
    says: "The options of '{name}' do not fit its schema:\n{list}",
    cure: "Correct the options named, in the config file or in the environment.",
  },
  PLUGIN_FAILED: {
    says: "'{name}' could not be set up: {why}",
    cure: "Correct its options or the package; the cause tells more.",
  },
  DAGS_FOLDER_MISSING: {
    says: "There is no folder of DAG files at {path}",
    cure: "Make it, run `millrace init`, or set `dags` in the config (MILLRACE_DAGS) to the folder that holds them.",
  },
  DAG_FILE_IMPORT_MISSING: {
    says: "{path} imports '{specifier}', which is not there",
    cure: "Install the package, or correct the path.",
  },
  DAG_FILE_TOO_LARGE: {
    says: "{path} takes {what}, more than {limit}",
    cure: "Take data out of the code, or import large libraries as packages: these are not made part of the bundle.",
  },
  BUNDLE_HASH_INVALID: {
    says: "A {type} of {length} characters is not the hash of a bundle",
    cure: "Use the 64 hexadecimal digits that bundleOfDag gives.",
  },
  BUNDLE_MISSING: {
    says: "There is no bundle {hash} in {folder}",
    cure: "Bring the folder back from a backup, or start the run anew with the DAG as it is now.",
  },
  BUNDLE_CORRUPT: {
    says: "Bundle {path} ({sizeBytes} bytes) is not what was written: {why}",
    cure: "Remove it; it is made again if its DAG file has not changed. It was not run.",
  },
  BUNDLE_NOT_KEPT: {
    says: "The bundle of {path} could not be written to {folder}: {why}",
    cure: "Give this user write permission and room there, or choose another place (MILLRACE_HOME).",
  },
  BUNDLE_LACKS_DAG: {
    says: "Bundle {hash} of {path} exports no DAG '{dagId}'",
    cure: "Check the id; a bundle holds the DAGs that its file exported when it was made.",
  },
  BUNDLER_FAILED: {
    says: "The bundler (esbuild) could not work: {why}",
    cure: "Install the packages again, with optional ones (no --omit=optional), on this machine.",
  },
  DAG_DEFINED_TWICE: {
    says: "DAG '{dagId}' is defined in {path} and in {first}",
    cure: "Rename one of them; the one in {first} is used.",
  },
  DAG_FILE_FAILED: {
    says: "{path} could not be loaded: {why}",
    cure: "Correct the file; the other files are loaded all the same.",
  },
  DAG_FILE_EMPTY: {
    says: "{path} exports no DAG",
    cure: "Export what dag(...) returns, as default or by name, or keep helper modules outside the dags folder.",
  },
  RETENTION_INVALID: {
    says: "{setting} is {value}, but {expected}",
    cure: "Give `retention` false, or `runs`, `logs`, `events` and `dags` as docs/retention.md tells.",
  },
  CATCHUP_FILE_UNREADABLE: {
    says: "The catchup settings in {path} could not be read: {why}",
    cure: "Put the file there and give this user read permission. Until then the settings that were read last hold, without any the default of the source.",
  },
  CATCHUP_FILE_INVALID: {
    says: "{path} is no file of catchup settings: {why}",
    cure: "Correct the places named: `default`, `dags` (by id) and `settings` (by name) hold true, false or since, maxRuns and window. Until then the settings that were read last hold.",
  },
  CATCHUP_RECORD_INVALID: {
    says: "What the store keeps of the catchup settings of DAG '{dagId}' ({sizeBytes} bytes) cannot be read",
    cure: "Set it anew with `millrace dags set {dagId} catchup=...`; until then it counts as if nothing were kept.",
  },
  CATCHUP_SOURCE_FAILED: {
    says: "The source '{source}' of catchup settings could not be read: {why}",
    cure: "Correct it, or what it asks; it is asked again. Until then the settings that were read last hold, without any the default of the source.",
  },
  CATCHUP_SOURCE_INVALID: {
    says: "The source '{source}' of catchup settings gave none that can hold for DAG '{dagId}': {why}",
    cure: "Have it give true, false, since, maxRuns and window, or undefined for its default. Until then the setting that was read last holds.",
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;
