/** One environment variable that core itself reads. Plug-ins add their own through their manifests. */
export interface EnvironmentKey {
  readonly key: string;
  /** The setting that it sets, before the config file does. */
  readonly setting: string;
  readonly says: string;
  /** Makes the setting's value of the text. Text that it cannot read is returned as it is and refused by the schema. */
  readonly parse: (text: string) => unknown;
}

const asText = (text: string): unknown => text;
const asNumber = (text: string): unknown => (/^\d{1,15}$/.test(text.trim()) ? Number(text) : text);
const asList = (text: string): unknown => (text.trim() === "none" ? [] : text.split(",").map((name) => name.trim()));

/** Every environment variable of core. Environment beats file; flags beat environment; an empty one counts as absent. */
export const environmentKeys: readonly EnvironmentKey[] = [
  { key: "MILLRACE_CONFIG", setting: "config", says: "the configuration file, or its folder", parse: asText },
  { key: "MILLRACE_HOME", setting: "home", says: "folder for what Millrace keeps", parse: asText },
  { key: "MILLRACE_DAGS", setting: "dags", says: "folder of DAG files", parse: asText },
  { key: "MILLRACE_STORE", setting: "store", says: "package name of the store, or 'memory'", parse: asText },
  {
    key: "MILLRACE_XCOM_BACKEND",
    setting: "xcom.backend",
    says: "package names of XCom parts, comma-separated, in the order of writing, or 'none'",
    parse: asList,
  },
  {
    key: "MILLRACE_XCOM_MAX_VALUE_BYTES",
    setting: "xcom.maxValueBytes",
    says: "largest value that a task may pass on",
    parse: asNumber,
  },
  {
    key: "MILLRACE_XCOM_TIMEOUT",
    setting: "xcom.timeout",
    says: "how long XCom parts may take to write or read a value, for example '10m'",
    parse: asText,
  },
  {
    key: "MILLRACE_SECRETS_FILE",
    setting: "secrets.file",
    says: "YAML or JSON file of secrets and connections, which only its owner may read",
    parse: asText,
  },
  { key: "MILLRACE_CONCURRENCY", setting: "concurrency", says: "tasks that run at once", parse: asNumber },
  { key: "MILLRACE_THREADS_MAX", setting: "threads.max", says: "threads for tasks at once", parse: asNumber },
  {
    key: "MILLRACE_THREADS_MAX_MEMORY_MB",
    setting: "threads.maxMemoryMb",
    says: "memory that one thread may use",
    parse: asNumber,
  },
  {
    key: "MILLRACE_KILL_GRACE",
    setting: "killGrace",
    says: "how long a task in a thread may go on after it was told to stop, for example '5s'",
    parse: asText,
  },
  {
    key: "MILLRACE_MAX_CRASHES",
    setting: "maxCrashes",
    says: "how often an attempt of a task may end with its process",
    parse: asNumber,
  },
];
