import { isDagId } from "../authoring/identifiers.ts";
import { isPlainRecord } from "../authoring/option-reader.ts";
import { coreError, type MillraceError } from "../errors.ts";
import { readYaml } from "./read-yaml.ts";
import { keyText, settingMistakes } from "./setting-mistakes.ts";

/** Settings as a file holds them. Each was looked over. */
export interface SettingsDocument {
  /** For DAGs that have none of their own. */
  readonly default: unknown;
  readonly dags: ReadonlyMap<string, unknown>;
  /** By their names. */
  readonly settings: ReadonlyMap<string, unknown>;
}

const mostMistakes = 10;
const parts = ["default", "dags", "settings"];

/**
 * Reads a file of catchup settings: YAML, or JSON if its name ends so.
 *
 * @throws `CATCHUP_FILE_INVALID`, with the places of its mistakes and nothing of what stands there
 */
export function parseSettingsDocument(text: string, path: string): SettingsDocument {
  const broken = (why: string): MillraceError => coreError("CATCHUP_FILE_INVALID", { path, why });
  if (text.trim() === "") throw broken("it is empty");
  const read = path.toLowerCase().endsWith(".json") ? readJson : readYaml;
  const content = read(text, broken);
  if (!isPlainRecord(content)) throw broken("default, dags and settings are needed, at least one of them");
  const mistakes: string[] = [];
  const document = documentOf(content as Readonly<Record<string, unknown>>, mistakes);
  if (mistakes.length === 0) return document;
  const more = mistakes.length > mostMistakes ? [`and ${mistakes.length - mostMistakes} more`] : [];
  throw broken([...mistakes.slice(0, mostMistakes), ...more].join("; "));
}

function documentOf(content: Readonly<Record<string, unknown>>, mistakes: string[]): SettingsDocument {
  for (const key of Object.keys(content))
    if (!parts.includes(key)) mistakes.push(`${keyText(key)}: only default, dags and settings are known`);
  const settings = new Map(entriesOf(content, "settings", mistakes));
  for (const [name, value] of settings) mistakes.push(...settingMistakes(value, `settings.${keyText(name)}`));
  /** A text names one of the settings. */
  const resolved = (value: unknown, place: string): unknown => {
    if (typeof value === "string" && settings.has(value)) return settings.get(value);
    mistakes.push(
      ...(typeof value === "string"
        ? [`${place}: true, false, bounds or the name of one of the settings is needed`]
        : settingMistakes(value, place)),
    );
    return value;
  };
  const dags = new Map<string, unknown>();
  for (const [dagId, value] of entriesOf(content, "dags", mistakes)) {
    const place = `dags.${keyText(dagId)}`;
    if (isDagId(dagId)) dags.set(dagId, resolved(value, place));
    else mistakes.push(`${place}: this is not the id of a DAG`);
  }
  return {
    default: Object.hasOwn(content, "default") ? resolved(content["default"], "default") : undefined,
    dags,
    settings,
  };
}

function entriesOf(content: Readonly<Record<string, unknown>>, part: string, mistakes: string[]): [string, unknown][] {
  if (!Object.hasOwn(content, part)) return [];
  const value = content[part];
  if (isPlainRecord(value)) return Object.entries(value as object);
  mistakes.push(`${part}: settings by their names are needed`);
  return [];
}

function readJson(text: string, broken: (why: string) => MillraceError): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // What it says besides quotes the text.
    const place = /line \d+ column \d+/.exec(String(error))?.[0];
    throw broken(`it is not JSON${place === undefined ? "" : `, at ${place}`}`);
  }
}
