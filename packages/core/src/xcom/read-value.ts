import { coreError } from "../errors.ts";
import { type ChainLink, corrupt } from "./envelope-chain.ts";
import { measured, StreamGauge } from "./operation.ts";
import { during, duringPieces, type PartWork } from "./part-work.ts";
import type { XComEnvelope, XComPieces } from "./parts.ts";
import { bytesOfBase64, piecesOfBase64 } from "./pieces.ts";

/** What the chain's envelopes hold, in one piece. */
export async function readBytes(chain: readonly ChainLink[], work: PartWork): Promise<Uint8Array> {
  const { address, call, onOperation } = work;
  let bytes: Uint8Array | undefined;
  for (const { part, envelope } of chain) {
    if (part.kind === "chooser" || part.kind === "stream") continue;
    const given: Uint8Array | undefined =
      part.kind === "stage" ? (bytes ?? inlineBytes(envelope, part.bytesField, work)) : undefined;
    bytes = await measured<Uint8Array>(
      onOperation,
      { part: part.name, operation: "read", address },
      given?.length ?? 0,
      () =>
        during(part, "read", work, () =>
          part.kind === "place"
            ? part.get(envelope, address, call)
            : part.read(given as Uint8Array, envelope, address, call),
        ),
      (made) => made.length,
    );
  }
  if (!bytes) throw corrupt(address, chain[0].envelope, "its envelope holds no bytes");
  return bytes;
}

/** True if the chain can be read in pieces. */
export function canReadPieces(chain: readonly ChainLink[]): boolean {
  return chain.every(
    ({ part }) =>
      part.kind === "chooser" ||
      part.kind === "stream" ||
      (part.kind === "place" ? part.getStream !== undefined : part.readStream !== undefined),
  );
}

/** As {@link readBytes}, in little memory. @throws `XCOM_STREAM_UNSUPPORTED` for a chain of which a part handles no streams */
export function readPieces(chain: readonly ChainLink[], work: PartWork): XComPieces {
  const { address, call } = work;
  const { key, taskId } = address;
  const unable = chain.find((link) => !canReadPieces([link]));
  if (unable) throw coreError("XCOM_STREAM_UNSUPPORTED", { part: unable.part.name, key, taskId });
  let pieces: XComPieces | undefined;
  for (const { part, envelope } of chain) {
    if (part.kind === "chooser" || part.kind === "stream") continue;
    if (part.kind === "place") {
      const get = part.getStream?.bind(part);
      pieces = get && gauged(part, undefined, work, () => get(envelope, address, call));
    } else {
      const given = pieces ?? inlinePieces(envelope, part.bytesField, work);
      const read = part.readStream?.bind(part);
      pieces = read && gauged(part, given, work, (source) => read(source, envelope, address, call));
    }
  }
  if (!pieces) throw corrupt(address, chain[0].envelope, "its envelope holds no bytes");
  return pieces;
}

function gauged(
  part: { readonly name: string },
  source: XComPieces | undefined,
  work: PartWork,
  make: (source: XComPieces) => XComPieces,
): XComPieces {
  const { onOperation, address } = work;
  const gauge = onOperation && new StreamGauge(onOperation, { part: part.name, operation: "read", address });
  const given = source ?? nothing;
  const made = duringPieces(part, "read", work, make(gauge ? gauge.read(given) : given));
  return gauge ? gauge.made(made) : made;
}

const nothing: XComPieces = {
  async *[Symbol.asyncIterator]() {
    // A place is given nothing to read.
  },
};

function inlineBytes(envelope: XComEnvelope, field: string, { address }: PartWork): Uint8Array {
  const text = envelope[field];
  if (typeof text !== "string") throw corrupt(address, envelope, `its envelope has no '${field}'`);
  const bytes = bytesOfBase64(text);
  if (!bytes) throw corrupt(address, envelope, `'${field}' is not base64`);
  return bytes;
}

function inlinePieces(envelope: XComEnvelope, field: string, { address }: PartWork): XComPieces {
  const text = envelope[field];
  if (typeof text !== "string") throw corrupt(address, envelope, `its envelope has no '${field}'`);
  return piecesOfBase64(text, () => corrupt(address, envelope, `'${field}' is not base64`));
}
