import type { XComPlace, XComStage } from "@millrace/core/plugin";

/**
 * What becomes of a call to a part. `throw`: it fails, and nothing is done. `truncate`, `flip a bit`: the bytes that are
 * handed on, to the part when writing and back from it when reading, are cut in half or altered. `drop`: what was written
 * is gone again, what is read is empty. `hang`: it waits for {@link FaultyPart.release}, then works.
 */
export type PartFault = "none" | "throw" | "truncate" | "flip a bit" | "drop" | "hang";

/** Which calls fail, and how. @param call - number of this call among those of its kind, from 1 */
type Plan = (call: number) => PartFault;

/** Which calls of a stage or place fail, and how. */
export interface PartFaultPlan {
  /** `write` of a stage, `put` of a place. */
  readonly write?: Plan;
  /** `read` of a stage, `get` of a place. */
  readonly read?: Plan;
  /** `remove` of a place. Bytes are not handed on there: only `throw` and `hang` do anything. */
  readonly remove?: Plan;
}

/** A part that fails as planned, in front of one that works. */
export interface FaultyPart<P extends XComStage | XComPlace> {
  readonly part: P;
  /** May be changed at any time. */
  plan: PartFaultPlan;
  /** How many calls hang. */
  readonly hanging: number;
  /** Lets every call that hangs go on. */
  release(): void;
}

/**
 * Stands in front of a stage and fails as planned.
 *
 * @example
 * ```ts
 * import { dag } from "@millrace/core";
 * import type { XComStage } from "@millrace/core/plugin";
 * import { createTestEngine, faultyStage } from "@millrace/testing";
 *
 * const mirror: XComStage = {
 *   kind: "stage",
 *   name: "mirror",
 *   marker: "_xcom_mirrored",
 *   bytesField: "data",
 *   effect: "other",
 *   write: async (bytes) => ({ envelope: { _xcom_mirrored: true }, bytes: Uint8Array.from(bytes).reverse() }),
 *   read: async (bytes) => Uint8Array.from(bytes).reverse(),
 * };
 * const hello = dag("hello", {}, (d) => {
 *   const name = d.task("name", () => "Ada");
 *   d.task("greet", { input: name }, ({ input }) => `Hello ${input}`);
 * });
 * const faulty = faultyStage(mirror, { read: () => "truncate" });
 * await using test = await createTestEngine({ dags: [hello], xcom: { backend: [faulty.part] } });
 * const result = await test.run(hello);
 * console.log(result.tasks.greet?.error?.code); // XCOM_CORRUPT
 * ```
 */
export function faultyStage(inner: XComStage, plan: PartFaultPlan = {}): FaultyPart<XComStage> {
  const { control, before } = faults(plan, `stage '${inner.name}'`);
  const [writeStream, readStream] = [inner.writeStream?.bind(inner), inner.readStream?.bind(inner)];
  const part: XComStage = {
    ...inner,
    async write(bytes, address, envelope, call) {
      const { alter } = await before("write");
      const result = await inner.write(bytes, address, envelope, call);
      return result && { ...result, bytes: alter(result.bytes) };
    },
    async read(bytes, envelope, address, call) {
      const { alter } = await before("read");
      return alter(await inner.read(bytes, envelope, address, call));
    },
    ...(writeStream && {
      async writeStream(source, address, beneath, call) {
        const { fault } = await before("write");
        const made = await writeStream(source, address, beneath, call);
        return made && { ...made, pieces: alteredPieces(made.pieces, fault) };
      },
    }),
    ...(readStream && {
      async *readStream(pieces, envelope, address, call) {
        const { fault } = await before("read");
        yield* alteredPieces(readStream(pieces, envelope, address, call), fault);
      },
    }),
  };
  return Object.assign(control, { part });
}

/** Stands in front of a place and fails as planned. */
export function faultyPlace(inner: XComPlace, plan: PartFaultPlan = {}): FaultyPart<XComPlace> {
  const { control, before } = faults(plan, `place '${inner.name}'`);
  const [putStream, getStream] = [inner.putStream?.bind(inner), inner.getStream?.bind(inner)];
  const part: XComPlace = {
    ...inner,
    async put(bytes, address, envelope, call) {
      const { alter } = await before("write");
      const altered = alter(bytes);
      const placed = await inner.put(altered, address, envelope, call);
      if (placed && bytes.length > 0 && altered.length === 0) await inner.remove([inner.refOf(placed)]);
      return placed;
    },
    async get(envelope, address, call) {
      const { alter } = await before("read");
      return alter(await inner.get(envelope, address, call));
    },
    ...(putStream && {
      async putStream(source, address, call) {
        const { fault } = await before("write");
        const pieces = alteredPieces(source, fault);
        const given = { head: source.head, isWhole: source.isWhole, [Symbol.asyncIterator]: () => pieces };
        const placed = await putStream(given, address, call);
        if (placed && fault === "drop") await inner.remove([inner.refOf(placed)]);
        return placed;
      },
    }),
    ...(getStream && {
      async *getStream(envelope, address, call) {
        const { fault } = await before("read");
        yield* alteredPieces(getStream(envelope, address, call), fault);
      },
    }),
    async remove(refs, call) {
      await before("remove");
      return inner.remove(refs, call);
    },
  };
  return Object.assign(control, { part });
}

function faults(plan: PartFaultPlan, name: string) {
  const calls = { write: 0, read: 0, remove: 0 };
  let waiting: (() => void)[] = [];
  const control = {
    plan,
    get hanging() {
      return waiting.length;
    },
    release() {
      for (const go of waiting) go();
      waiting = [];
    },
  };
  /** Throws or waits as planned; gives what the bytes become. */
  const before = async (kind: keyof PartFaultPlan) => {
    const fault = control.plan[kind]?.(++calls[kind]) ?? "none";
    if (fault === "throw") throw new Error(`the ${name} cannot ${kind}`);
    if (fault === "hang") await new Promise<void>((resolve) => waiting.push(resolve));
    return { fault, alter: (bytes: Uint8Array): Uint8Array => altered(bytes, fault) };
  };
  return { control, before };
}

function altered(bytes: Uint8Array, fault: PartFault): Uint8Array {
  switch (fault) {
    case "drop":
      return new Uint8Array(0);
    case "truncate":
      return bytes.slice(0, Math.floor(bytes.length / 2));
    case "flip a bit": {
      const copy = Uint8Array.from(bytes);
      const middle = Math.floor(copy.length / 2);
      if (copy.length > 0) copy[middle] = (copy[middle] as number) ^ 1;
      return copy;
    }
    default:
      return bytes;
  }
}

/** As {@link altered}, for a stream: half of its first piece is left, or a bit of it is another, or nothing comes. */
async function* alteredPieces(
  pieces: AsyncIterable<Uint8Array>,
  fault: PartFault,
): AsyncGenerator<Uint8Array, void, undefined> {
  let isFirst = true;
  for await (const piece of pieces) {
    if (fault === "drop") continue;
    yield isFirst ? altered(piece, fault) : piece;
    if (fault === "truncate") return;
    isFirst = false;
  }
}
