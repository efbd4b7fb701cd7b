import type { Outcome, PutSetting } from "@millrace/core/plugin";
import { silent, type Writer } from "./writer.ts";

export function settingPutter({ sql }: Writer): (change: PutSetting) => Outcome {
  const put = sql.get("INSERT OR REPLACE INTO settings (key, value, updated_at) VALUES (?, ?, ?)");
  const remove = sql.get("DELETE FROM settings WHERE key = ?");
  return ({ key, value, at }) => {
    if (value === null) remove.all(key);
    else put.all(key, value, at);
    return silent;
  };
}
