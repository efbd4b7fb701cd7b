import { readFileSync, statSync } from "node:fs";
import { parse } from "csv-parse/sync";

export interface ParcelDay {
  readonly dayStart: number;
  readonly parcels: number;
}

/** A partner's file is a few lines: what is larger is none. */
const largestFileBytes = 65_536;

/** The parcels of a week by day. A file without its last line, or whose days do not add up to it, has not come whole. */
export function readPartnerFile(file: string): readonly ParcelDay[] {
  const { size } = statSync(file);
  if (size > largestFileBytes) throw new Error(`it has ${size} bytes, at most ${largestFileBytes} are read`);
  const rows: string[][] = parse(readFileSync(file, "utf8"), { relax_column_count: true });
  const [head, ...lines] = rows;
  const last = lines.pop();
  if (head?.join() !== "day,parcels" || last?.[0] !== "total") throw new Error("it breaks off before its total");
  const days = lines.map(([day, parcels]) => {
    const dayStart = Date.parse(day);
    if (Number.isNaN(dayStart) || !/^\d{1,6}$/.test(parcels ?? "")) throw new Error("a line of it cannot be read");
    return { dayStart, parcels: Number(parcels) };
  });
  if (days.reduce((sum, { parcels }) => sum + parcels, 0) !== Number(last[1]))
    throw new Error("its days do not add up to its total");
  return days;
}
