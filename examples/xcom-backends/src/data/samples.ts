import { type RandomStream, randomStream } from "./random-stream.ts";

/** The kinds of data that tasks pass on, which want to be kept in different ways. */
export const sampleKinds = ["config", "structured", "large", "repetitive", "sensitive", "binary"] as const;
export type SampleKind = (typeof sampleKinds)[number];

/** One value to measure with. */
export interface SampleSpec {
  /** Unique, for example `structured_10KB`: also the key of its XCom. */
  readonly name: string;
  readonly kind: SampleKind;
  /** What its JSON text is to take, within a record's length. */
  readonly sizeBytes: number;
}

/** A sample that was made. */
export interface MadeSample extends SampleSpec {
  /** What its JSON text takes. */
  readonly jsonBytes: number;
}

const kilobyte = 1_024;
const megabyte = kilobyte * kilobyte;

const sizesOf: Readonly<Record<SampleKind, readonly number[]>> = {
  config: [100],
  structured: [kilobyte, 10 * kilobyte, 100 * kilobyte],
  large: [megabyte, 16 * megabyte],
  repetitive: [100, kilobyte, 10 * kilobyte, 100 * kilobyte, megabyte],
  sensitive: [kilobyte, 10 * kilobyte, 100 * kilobyte],
  binary: [100, kilobyte, 10 * kilobyte, 100 * kilobyte, megabyte],
};

/** Every kind in its sizes, up to so many bytes; each kind at least once. */
export function sampleSpecs(maxBytes: number): readonly SampleSpec[] {
  return sampleKinds.flatMap((kind) => {
    const [smallest, ...more] = sizesOf[kind];
    const sizes =
      kind === "large" && smallest > maxBytes ? [maxBytes] : [smallest, ...more.filter((size) => size <= maxBytes)];
    return sizes.map((sizeBytes) => ({ name: `${kind}_${sizeName(sizeBytes)}`, kind, sizeBytes }));
  });
}

/** `100B`, `10KB`, `16MB`: fit to be part of an XCom's key. */
export function sizeName(sizeBytes: number): string {
  if (sizeBytes >= megabyte) return `${sizeBytes / megabyte}MB`;
  return sizeBytes >= kilobyte ? `${sizeBytes / kilobyte}KB` : `${sizeBytes}B`;
}

/** The value of a sample; the same for the same seed. */
export function makeSample({ kind, name, sizeBytes }: SampleSpec, seed: number): unknown {
  const random = randomStream(`${name} ${seed}`);
  switch (kind) {
    case "config":
      return { region: "eu-central", retries: 3, dry_run: false, max_rows: 25_000, notify: ["ops"] };
    case "structured":
    case "large":
      return recordsOf(sizeBytes, (id) => order(id, random));
    case "repetitive":
      return { status: "ok ".repeat(Math.ceil((sizeBytes - 14) / 3)).slice(0, Math.max(0, sizeBytes - 13)) };
    case "sensitive":
      return recordsOf(sizeBytes, (id) => account(id, random));
    case "binary":
      // Bytes travel as base64, which takes a third more.
      return new Uint8Array(random.bytes(Math.max(1, Math.floor(((sizeBytes - 30) * 3) / 4))));
  }
}

function recordsOf(sizeBytes: number, make: (id: number) => object): readonly object[] {
  const records: object[] = [];
  for (let size = 2; size < sizeBytes; ) {
    const record = make(records.length + 1);
    records.push(record);
    size += Buffer.byteLength(JSON.stringify(record)) + 1;
  }
  return records;
}

const cities = ["Berlin", "Bordeaux", "Gdańsk", "Kassel", "Lyon", "Milano", "Porto", "Rotterdam", "Uppsala", "Zürich"];
const states = ["open", "paid", "shipped", "returned"];

function order(id: number, random: RandomStream): object {
  return {
    order_id: 100_000 + id,
    customer: `C-${random.below(9_000) + 1_000}`,
    city: cities[random.below(cities.length)],
    state: states[random.below(states.length)],
    amount: random.below(100_000) / 100,
    ordered_at: new Date(1_767_225_600_000 + random.below(31_536_000) * 1_000).toISOString(),
  };
}

/** Made up, every bit of it. */
function account(id: number, random: RandomStream): object {
  return {
    user: `user-${id}`,
    password: random.bytes(9).toString("base64"),
    token: random.bytes(24).toString("hex"),
    ssn: `000-${10 + random.below(90)}-${1_000 + random.below(9_000)}`,
  };
}
