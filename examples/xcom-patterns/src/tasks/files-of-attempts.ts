import { isFileReference, removeDatasets } from "@millrace/xcom-file";
import type { FileReference } from "../xcom/pipeline-records.ts";
import type { SourcePayload } from "../xcom/source-payload.ts";
import { dataFolder, type PipelineContext } from "./pipeline-services.ts";

// XComs of an attempt that fails are gone, and with them the only record of the files that it wrote. So files are also
// noted in the task's own durable state, which survives retries.
const key = "files_written";

/** Notes the file of a payload, if it has one, as written by this attempt. */
export async function noteFile(context: PipelineContext, payload: SourcePayload): Promise<void> {
  if (isFileReference(payload)) await context.state.set(key, [...(await notedFiles(context)), payload]);
}

/** Removes what attempts before this one wrote and could not hand on. */
export async function removeFilesOfEarlierAttempts(context: PipelineContext): Promise<void> {
  const files = await notedFiles(context);
  if (files.length === 0) return;
  const { cleaned, failed } = await removeDatasets(files, { dir: dataFolder(context) });
  context.log.info("files of an earlier attempt removed", { cleaned, failed });
  await context.state.delete(key);
}

async function notedFiles(context: PipelineContext): Promise<FileReference[]> {
  return ((await context.state.get(key)) as FileReference[] | undefined) ?? [];
}
