import { coreError, shown } from "../errors.ts";
import type { CatchupSetting } from "../timetable/catchup.ts";
import { readYaml } from "./read-yaml.ts";
import { settingMistakes } from "./setting-mistakes.ts";

const longestText = 1_000;

/**
 * A catchup setting as somebody types it: `true`, `false`, or bounds such as `{since: 2026-10-01, window: 7d, maxRuns: 100}`,
 * as YAML or JSON.
 *
 * @throws `CATCHUP_INVALID`
 * @example
 * ```ts
 * import { parseCatchupText } from "@millrace/core/engine";
 *
 * console.log(parseCatchupText("{window: 7d, maxRuns: 100}")); // { window: '7d', maxRuns: 100 }
 * ```
 */
export function parseCatchupText(text: string): CatchupSetting {
  const invalid = (why: string) => coreError("CATCHUP_INVALID", { value: shown(text), why });
  if (text.length > longestText) throw invalid(`it is longer than ${longestText} characters`);
  const setting = readYaml(text, invalid);
  const mistakes = settingMistakes(setting, "catchup");
  if (mistakes.length > 0) throw invalid(mistakes.join("; "));
  return setting as CatchupSetting;
}
