import { isMillraceError, type PlacedXCom, type XComAddress } from "@millrace/core/plugin";
import { failureOf } from "./failures.ts";
import { keyAt, pathOf, refOfName, type S3Location } from "./locations.ts";
import { addressOfNote, addressOfPath } from "./object-key.ts";
import type { S3ListedObject, S3ListedUpload, S3Page, S3Port, S3PortCall } from "./port.ts";
import type { S3Requests } from "./requests.ts";

/** In an object's metadata: the address that its key has no room for. */
export const addressNoteName = "millrace-address";

/**
 * Everything below a folder of a location: objects, and uploads that were begun and not finished. Both are ordered by key, so
 * that what belongs to one run comes together.
 */
export async function* listAll(
  requests: S3Requests,
  location: S3Location,
  folder: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<PlacedXCom> {
  const { bucket } = location;
  const request = { bucket, prefix: keyAt(location, folder) };
  const objects = pages(requests, request, signal, (port, page, call) => port.listObjects(page, call));
  const uploads = pages(requests, request, signal, async (port, page, call) => {
    try {
      return await port.listUploads(page, call);
    } catch (error) {
      // A store that cannot list its uploads is listed without them.
      if (failureOf(error, requests.clock.now()).kind !== "unsupported") throw error;
      return { items: [] };
    }
  });
  try {
    let object = await objects.next();
    let upload = await uploads.next();
    while (!object.done || !upload.done) {
      if (!object.done && (upload.done || object.value.key <= upload.value.key)) {
        const placed = await placedObject(requests, location, object.value, signal);
        if (placed) yield placed;
        object = await objects.next();
      } else if (!upload.done) {
        const placed = placedUpload(location, upload.value);
        if (placed) yield placed;
        upload = await uploads.next();
      }
    }
  } finally {
    await objects.return(undefined);
    await uploads.return(undefined);
  }
}

async function* pages<T extends S3ListedObject | S3ListedUpload>(
  requests: S3Requests,
  request: { readonly bucket: string; readonly prefix: string },
  signal: AbortSignal | undefined,
  list: (port: S3Port, page: typeof request & { readonly after?: string }, call: S3PortCall) => Promise<S3Page<T>>,
): AsyncGenerator<T, undefined> {
  let after: string | undefined;
  do {
    const asked = { operation: "list", bucket: request.bucket, key: request.prefix, signal };
    const page = await requests.ask(asked, (port, attemptSignal) =>
      list(port, { ...request, ...(after === undefined ? {} : { after }) }, { signal: attemptSignal }),
    );
    yield* page.items;
    after = page.next;
  } while (after !== undefined);
}

/** `undefined` for what is none of ours, or gone since. */
async function placedObject(
  requests: S3Requests,
  location: S3Location,
  { key, sizeBytes, modifiedAt }: S3ListedObject,
  signal: AbortSignal | undefined,
): Promise<PlacedXCom | undefined> {
  const path = pathOf(location, key);
  let address = path === undefined ? undefined : addressOfPath(path);
  if (path === undefined || address === undefined) return undefined;
  if (address === "clipped") address = await notedAddress(requests, location, key, path, signal);
  return placed({ bucket: location.bucket, key }, address, sizeBytes, modifiedAt);
}

function placedUpload(location: S3Location, { key, uploadId, startedAt }: S3ListedUpload): PlacedXCom | undefined {
  const path = pathOf(location, key);
  const address = path === undefined ? undefined : addressOfPath(path);
  if (address === undefined) return undefined;
  return placed({ bucket: location.bucket, key }, address === "clipped" ? undefined : address, 0, startedAt, uploadId);
}

/** Ids that were too long for the key stand in the object's metadata. */
async function notedAddress(
  requests: S3Requests,
  { bucket }: S3Location,
  key: string,
  path: string,
  signal: AbortSignal | undefined,
): Promise<XComAddress | undefined> {
  try {
    const head = await requests.ask({ operation: "look at", bucket, key, signal }, (port, attemptSignal) =>
      port.headObject({ bucket, key }, { signal: attemptSignal }),
    );
    return addressOfNote(head.metadata[addressNoteName], path);
  } catch (error) {
    if (isMillraceError(error, "XCOM_S3_MISSING")) return undefined;
    throw error;
  }
}

function placed(
  name: { readonly bucket: string; readonly key: string },
  address: XComAddress | undefined,
  sizeBytes: number,
  createdAt: number,
  uploadId?: string,
): PlacedXCom {
  return {
    ref: refOfName(name, uploadId),
    ...(address === undefined ? {} : { address }),
    sizeBytes,
    createdAt,
    isPartial: uploadId !== undefined,
  };
}
