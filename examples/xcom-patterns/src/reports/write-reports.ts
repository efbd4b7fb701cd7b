import { mkdir, rename, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { ReportFile } from "../xcom/pipeline-records.ts";

/** Writes the reports of one run into its folder; a reader never sees half of one. */
export async function writeReports(
  folder: string,
  reports: { readonly html: string; readonly markdown: string },
): Promise<ReportFile[]> {
  const absolute = resolve(folder);
  await mkdir(absolute, { recursive: true });
  const files: ReportFile[] = [];
  for (const [format, name] of [
    ["html", "risk-report.html"],
    ["markdown", "risk-report.md"],
  ] as const) {
    const path = join(absolute, name);
    const text = reports[format];
    await writeFile(`${path}.part`, text);
    await rename(`${path}.part`, path);
    files.push({ format, path, size_bytes: Buffer.byteLength(text) });
  }
  return files;
}
