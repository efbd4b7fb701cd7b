import type { XComKeyUse } from "@millrace/core/engine";
import type { Core, Session } from "../session.ts";
import { progressLine } from "../terminal/progress-line.ts";
import { type Column, tableLines } from "../terminal/table.ts";

/** The keys that the values of the store were encrypted with. */
export async function keyUses(session: Session, core: Core): Promise<readonly XComKeyUse[]> {
  const { backend } = await core.resolveXComBackend(await session.config());
  const line = progressLine(session);
  try {
    return await core.countXComKeys({
      store: await session.neededReader(),
      parts: backend.parts,
      onPage: (seen) => line.show(`${seen} values looked at …`),
    });
  } finally {
    line.end();
  }
}

/** How many of these are to be written anew. */
export function staleOf(uses: readonly XComKeyUse[]): number {
  return uses.reduce((sum, { stale }) => sum + stale, 0);
}

export function keyPayload({ part, keyId, count, stale, unclear }: XComKeyUse): Record<string, unknown> {
  return { part, key: keyId, values: count, stale, unclear };
}

export function keyLines(uses: readonly XComKeyUse[], { style, io }: Session): string[] {
  if (uses.length === 0) return [];
  const columns: readonly Column<XComKeyUse>[] = [
    { title: "key", cell: ({ keyId }) => keyId, paint: (text) => style.bold(text), flexible: true },
    { title: "part", cell: ({ part }) => part, paint: (text) => style.dim(text), flexible: true },
    { title: "values", cell: ({ count }) => String(count), align: "right" },
    { title: "to be written anew", cell: ({ stale }) => (stale === 0 ? "" : String(stale)), align: "right" },
    { title: "cannot be judged", cell: ({ unclear }) => (unclear === 0 ? "" : String(unclear)), align: "right" },
  ];
  return tableLines(uses, columns, style, io.out.columns);
}

/** `1 value`, `20 values`. */
export function valuesText(count: number): string {
  return `${count} ${count === 1 ? "value" : "values"}`;
}
