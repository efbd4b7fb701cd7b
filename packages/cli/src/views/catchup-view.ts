import type { CatchupSetting } from "@millrace/core";
import type { CatchupState } from "@millrace/core/engine";
import { safeLine } from "../terminal/safe-text.ts";

/** A catchup setting in one line, as `dags set` takes it. */
export function catchupText(setting: CatchupSetting): string {
  if (typeof setting === "boolean") return String(setting);
  const bounds = Object.entries(setting).map(([name, value]) => `${name}: ${valueText(value)}`);
  return `{${bounds.join(", ")}}`;
}

type Origin = Pick<CatchupState, "from" | "source"> & { readonly isDefault?: boolean };

/** Where what holds comes from. */
export function originText({ from, source, isDefault }: Origin): string {
  if (from === "store") return "as set by hand";
  if (isDefault) return `default of ${safeLine(source ?? "its source")}, which was not read yet`;
  return from === "source" ? `from ${safeLine(source ?? "its source")}` : "as in the code";
}

function valueText(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
