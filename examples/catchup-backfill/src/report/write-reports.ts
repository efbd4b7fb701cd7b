import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { renderHtmlReport } from "./html-report.ts";
import { renderMarkdownReport } from "./markdown-report.ts";
import type { StoryReport } from "./story-report.ts";

/** Writes both forms of the report; a reader never sees half of one. Gives their paths. */
export async function writeReports(folder: string, report: StoryReport): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const texts = {
    "catchup-backfill.html": renderHtmlReport(report),
    "catchup-backfill.md": renderMarkdownReport(report),
  };
  return Promise.all(
    Object.entries(texts).map(async ([name, text]) => {
      const path = join(folder, name);
      await writeFile(`${path}.part`, text);
      await rename(`${path}.part`, path);
      return path;
    }),
  );
}
