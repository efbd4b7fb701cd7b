import { expect, it } from "vitest";
import type { Change } from "../../store/contract.ts";
import { xcomBackend } from "../../xcom/backend.ts";
import type { RuntimeServices } from "../context.ts";
import type { Job } from "../job.ts";
import { engineCalls } from "./engine-calls.ts";
import { ThreadStreams } from "./thread-streams.ts";

it("lets a thread write what tasks write themselves, and nothing that is the engine's", async () => {
  const written: Change[] = [];
  const facet = { get: () => undefined, find: () => undefined, ofRun: () => undefined };
  const services = {
    store: { runs: facet, tasks: facet, xcoms: facet, chunks: facet, state: facet },
    backend: xcomBackend([]),
    access: {},
    write: async (change: Change) => {
      written.push(change);
      return { status: "done", eventSeq: 0 };
    },
  } as unknown as RuntimeServices;
  const { write } = engineCalls(services, { run: {} } as Job, new ThreadStreams(services.backend, undefined));
  await write({ kind: "putState" } as Change);
  for (const kind of ["finishTask", "putXCom", "updateRun", "putChunk", "deleteChunks", "constructor"])
    await expect(write({ kind } as unknown as Change)).rejects.toMatchObject({ code: "THREAD_CALL_REFUSED" });
  expect(written.map(({ kind }) => kind)).toEqual(["putState"]);
});
