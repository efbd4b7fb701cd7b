import { randomBytes } from "node:crypto";
import {
  isMillraceError,
  type XComAddress,
  type XComCall,
  type XComEnvelope,
  type XComPlace,
} from "@millrace/core/plugin";
import { fileError, xcomFileErrors } from "../errors.ts";
import { AtomicFile } from "../files/atomic-file.ts";
import { type FileTree, openTree } from "../files/file-tree.ts";
import { bytesOf, type OpenFile, openExpected, piecesOf } from "../files/verified-reading.ts";
import { envelopeOf, marker, parseEnvelope, pathOf } from "./file-envelope.ts";
import { listValues } from "./list-values.ts";
import { lookOver } from "./look-over.ts";
import { checkedOptions, type FileOptions } from "./options.ts";
import { placeOfRef, removeRefs } from "./remove-refs.ts";
import { newPath } from "./value-path.ts";

/** Larger values are streamed; a single buffer of this size would be a mistake or an attack. */
const mostAtOnce = 1024 ** 3;

/**
 * A place that keeps XComs as files, in folders by DAG, run and task. Small values (up to `thresholdBytes`) stay in the store.
 *
 * Each value is a file of its own that appears whole or not at all, readable by this user only (0600), and is never replaced.
 * What it answers survives a power cut. Reading checks size and checksum and follows no link.
 *
 * @throws `XCOM_FILE_OPTION_INVALID`
 * @example
 * ```ts
 * import { xcomBackend } from "@millrace/core/plugin";
 * import { file } from "@millrace/xcom-file";
 *
 * const backend = xcomBackend([file({ dir: ".millrace/xcom" })]);
 * const address = { dagId: "sales", runId: "2024-01-15", taskId: "extract", mapIndex: -1, key: "return_value" };
 * const rows = Array.from({ length: 500 }, (_, id) => ({ id, amount: id * 2 }));
 * const stored = await backend.serialize(rows, address); // { _xcom_file_backend: true, filepath: "/…/dag=sales/run=2024-…
 * console.log((await backend.deserialize(stored, address) as unknown[]).length); // 500
 * await backend.purge(stored);
 * ```
 */
export function file(options: FileOptions): XComPlace {
  return placeOf(checkedOptions(options));
}

/** As {@link file}; a test chooses by what means folders are held. */
export function placeOf(settings: Required<FileOptions>, means: { readonly byDescriptor?: boolean } = {}): XComPlace {
  const { dir, alsoRead, thresholdBytes, checksum: algorithm, clock } = settings;
  const errors = xcomFileErrors;
  const trees = new Map<string, FileTree>();
  /** Where a folder really is, is found out once, when it is there. */
  const treeOf = async (path: string, create = false): Promise<FileTree> => {
    const tree = trees.get(path) ?? (await openTree(path, { create, errors, ...means }));
    trees.set(path, tree);
    return tree;
  };

  const keep = async (
    pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    address: XComAddress,
    { signal, recordCount }: XComCall = {},
  ): Promise<XComEnvelope> => {
    signal?.throwIfAborted();
    const tree = await treeOf(dir, true);
    const createdAt = clock.now();
    const { folders, name } = newPath(address, createdAt, randomBytes(16).toString("hex"));
    const path = [...folders, name].join("/");
    const fresh = await AtomicFile.create({ tree, folders, name, algorithm });
    try {
      for await (const piece of pieces) {
        signal?.throwIfAborted();
        await fresh.write(piece);
      }
      signal?.throwIfAborted();
    } catch (error) {
      await fresh.discard();
      throw error;
    }
    const { path: filepath, sizeBytes, checksum } = await fresh.commit();
    if (signal?.aborted) {
      await removeRefs(tree, [path]);
      throw signal.reason;
    }
    return envelopeOf({ filepath, path, sizeBytes, recordCount, createdAt, checksum, algorithm });
  };

  /** Opens what an envelope leads to: in the folder of today, else in one that was it before. */
  const find = async (envelope: XComEnvelope, address: XComAddress): Promise<OpenFile> => {
    const { place, ...claim } = parseEnvelope(envelope, address);
    const segments = [...place.folders, place.name];
    let missing: unknown;
    for (const path of [dir, ...alsoRead]) {
      try {
        return await openExpected(await treeOf(path), { segments, ...claim });
      } catch (error) {
        if (!isMillraceError(error, "XCOM_FILE_MISSING")) throw error;
        // The file's own path says more than that of an older folder.
        missing ??= error;
      }
    }
    throw missing;
  };

  return {
    kind: "place",
    name: "file",
    marker,
    open: () => lookOver(settings, treeOf),
    async put(bytes, address, _inner, call) {
      return bytes.length > thresholdBytes ? keep([bytes], address, call) : undefined;
    },
    async putStream(source, address, call) {
      if (source.isWhole && source.head.length <= thresholdBytes) return undefined;
      return keep(source, address, call);
    },
    async get(envelope, address, call) {
      const found = await find(envelope, address);
      const { sizeBytes } = found.expected;
      if (sizeBytes > mostAtOnce) {
        await found.handle.close();
        throw fileError("XCOM_FILE_TOO_LARGE", { path: found.path, sizeBytes, limit: mostAtOnce });
      }
      return bytesOf(found, call?.signal);
    },
    async *getStream(envelope, address, call) {
      call?.signal?.throwIfAborted();
      yield* piecesOf(await find(envelope, address), call?.signal);
    },
    refOf: (envelope) => pathOf(envelope).path,
    async remove(refs, call) {
      const tree = await treeOf(dir).catch(nothingThere);
      if (tree) await removeRefs(tree, refs, call?.signal);
      else for (const ref of refs) placeOfRef(ref);
    },
    async *list(scope = {}, call) {
      const tree = await treeOf(dir).catch(nothingThere);
      if (tree) yield* listValues(tree, scope, call?.signal);
    },
  };
}

/** A place that has never kept anything has no folder. */
function nothingThere(error: unknown): undefined {
  if (!isMillraceError(error, "XCOM_FILE_MISSING")) throw error;
}
