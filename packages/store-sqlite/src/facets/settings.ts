import type { SettingFacet } from "@millrace/core/plugin";
import type { Read } from "./reading.ts";

export function settingFacet(read: Read): SettingFacet {
  return {
    get: (key) =>
      read((sql) => {
        const value = sql.get("SELECT value FROM settings WHERE key = ?").get(key)?.value;
        return value === undefined ? undefined : String(value);
      }),
  };
}
