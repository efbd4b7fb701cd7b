import { mkdir, rename, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Comparison } from "./comparison.ts";
import { renderHtmlReport } from "./html-report.ts";
import { renderMarkdownReport } from "./markdown-report.ts";

/** Where the reports of a run lie. */
export interface ReportFiles {
  readonly html: string;
  readonly markdown: string;
}

/** Writes the reports of one run into its folder; a reader never sees half of one. */
export async function writeReports(folder: string, comparison: Comparison): Promise<ReportFiles> {
  const absolute = resolve(folder);
  await mkdir(absolute, { recursive: true });
  const write = async (name: string, text: string): Promise<string> => {
    const path = join(absolute, name);
    await writeFile(`${path}.part`, text);
    await rename(`${path}.part`, path);
    return path;
  };
  return {
    html: await write("xcom-backends.html", renderHtmlReport(comparison)),
    markdown: await write("xcom-backends.md", renderMarkdownReport(comparison)),
  };
}
