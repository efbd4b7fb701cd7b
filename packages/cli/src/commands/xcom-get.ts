import { createWriteStream } from "node:fs";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { encodeValue, messageOf, type RunRow, type Store, type XComRow } from "@millrace/core/plugin";
import { defineCommand } from "../command.ts";
import { cliError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { wholeNumber } from "../option-values.ts";
import type { Session } from "../session.ts";
import { sizeText } from "../terminal/show-size.ts";
import { findRun } from "../views/run-view.ts";
import { valueText } from "../views/value-view.ts";

const resultKey = "return_value";

export default defineCommand({
  about:
    "Prints the value of a key, by default the task's result. Of a mapped task all elements unless --map-index names one.",
  arguments: [
    { name: "<dag>", says: "id of the DAG", completes: "dag" },
    { name: "<run>", says: "id of the run, or 'latest'", completes: "run" },
    { name: "<task>", says: "id of the task", completes: "task" },
    { name: "[key]", says: `key of the value (default: ${resultKey}, the task's result)`, completes: "xcom-key" },
  ],
  options: [
    { flags: "--map-index <n>", says: "one element of a mapped task", parse: wholeNumber(0, 1_000_000) },
    { flags: "--out <file>", says: "write it to a new file: a stream as its bytes, anything else as JSON" },
  ],
  examples: [
    ["millrace xcom get hello latest greet", "what 'greet' returned in the newest run"],
    ["millrace xcom get sales latest extract rows --out rows.json", "a value as a file"],
  ],
  async run(session, given) {
    const core = await session.core();
    const [dagId, runId, taskId] = [given.text("dag"), given.text("run"), given.text("task")];
    const key = given.textOr("key", resultKey);
    core.checkDagId(dagId);
    core.checkRunId(runId);
    core.checkTaskPath(taskId);
    core.checkXComKey(key);
    const store = await session.neededReader();
    const run = await findRun(store, core, dagId, runId);
    const mapIndex = given.value<number>("mapIndex");
    const { rows, isMapped } = await findRows(store, run, { taskId, key, mapIndex });
    const values = [];
    for (const row of rows) values.push(await readValue(session, store, run, row));
    const out = given.textOr("out", undefined);
    const [first] = values;
    if (!isMapped && first !== undefined && "stream" in first)
      return printStream(session, { stream: first.stream, sizeBytes: rows[0].sizeBytes, out });

    const plain = values.map((value) => ("stream" in value ? { stream: true } : value.value));
    const value = isMapped ? plain : plain[0];
    if (out !== undefined) {
      await writeNew(session, out, Readable.from([`${encodeValue(value)}\n`]));
      session.note(`Written to ${out}.`);
    }
    session.print(
      {
        dag: dagId,
        run: run.runId,
        task: taskId,
        mapIndex: isMapped ? null : rows[0].mapIndex,
        key,
        value: JSON.parse(encodeValue(value)) as unknown,
      },
      () => (out === undefined ? valueText(value, session).split("\n") : []),
    );
    return exitCodes.ok;
  },
});

async function findRows(
  store: Store,
  run: RunRow,
  wanted: { readonly taskId: string; readonly key: string; readonly mapIndex: number | undefined },
): Promise<{ readonly rows: readonly XComRow[]; readonly isMapped: boolean }> {
  const { taskId, key, mapIndex } = wanted;
  const values = { dagId: run.dagId, runId: run.runId, taskId, key };
  const index = mapIndex === undefined ? "" : ` with the map index ${mapIndex}`;
  const tasks = (await store.tasks.ofRun(run.runNo)).filter(
    (task) => task.taskId === taskId && (mapIndex === undefined || task.mapIndex === mapIndex),
  );
  if (tasks.length === 0) throw cliError("TASK_INSTANCE_NOT_FOUND", { ...values, index });
  const found = await store.xcoms.getMany(
    tasks.map(({ taskInstanceNo }) => taskInstanceNo),
    key,
  );
  const rows = found.filter((row): row is XComRow => row !== undefined);
  if (rows.length === 0) throw cliError("XCOM_ABSENT", { ...values, index });
  return { rows, isMapped: mapIndex === undefined && tasks[0].mapIndex >= 0 };
}

async function readValue(
  session: Session,
  store: Store,
  run: RunRow,
  row: XComRow,
): Promise<{ readonly value: unknown } | { readonly stream: AsyncIterable<Uint8Array> }> {
  const { readStoredXCom, resolveXComBackend } = await session.core();
  const { backend } = await resolveXComBackend(await session.config());
  return readStoredXCom({ store, backend, run, row });
}

async function printStream(
  session: Session,
  found: { readonly stream: AsyncIterable<Uint8Array>; readonly sizeBytes: number; readonly out: string | undefined },
): Promise<number> {
  const { stream, sizeBytes, out } = found;
  if (out !== undefined) {
    await writeNew(session, out, Readable.from(stream));
    session.note(`${sizeText(sizeBytes)} written to ${out}.`);
    session.print({ stream: true, sizeBytes, out }, () => []);
  } else if (session.isJson || session.io.out.isTerminal) {
    session.print({ stream: true, sizeBytes }, () => [
      `a stream of ${sizeText(sizeBytes)}; write it to a file with --out`,
    ]);
  } else {
    for await (const piece of stream) session.io.out.write(piece);
  }
  return exitCodes.ok;
}

async function writeNew(session: Session, name: string, source: Readable): Promise<void> {
  const path = resolve(session.io.cwd, name);
  try {
    await pipeline(source, createWriteStream(path, { flags: "wx", mode: 0o600 }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw cliError("FILE_EXISTS", { path }, { cause: error });
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw cliError("FILE_NOT_WRITTEN", { path, why: messageOf(error) }, { cause: error });
  }
}
