import type { Figure, Target } from "./figure.ts";
import { type Took, take } from "./measure.ts";
import type { XComSizes } from "./sizes.ts";
import { bytesOf, sizeName, type ValueKind } from "./xcom-values.ts";

const longestRaceMs = 800;
/** Values that are quicker than a clock is exact are taken together, so many bytes of them at a time. */
const bytesTogether = 1_048_576;
const mostTogether = 64;

/** The same work done by a part and without it. */
export interface Race {
  readonly bare: () => Promise<unknown>;
  readonly part: () => Promise<unknown>;
}

/** What one part is measured by. */
export interface Contest {
  /** Beginning of the ids of its figures, for example `xcomGzip`. */
  readonly id: string;
  readonly name: string;
  /** What it runs against, for example `bare zlib`. */
  readonly against: string;
  /** What it does differently by: compression by all kinds of bytes, the others by none. */
  readonly kinds?: readonly ValueKind[];
  /** One call takes so long that it is measured by itself, whatever its size. */
  readonly isSlow?: boolean;
  /** Sizes that are raced. Default: all. */
  readonly isForSize?: (sizeBytes: number) => boolean;
  target(sizeBytes: number): Target | undefined;
  /** Races by their names (`write`, `read`), for bytes of one kind and size. */
  races(bytes: Buffer, kind: ValueKind): Promise<Readonly<Record<string, Race>>>;
}

/** What was found of one race: milliseconds of each side, once. */
interface Found {
  readonly name: string;
  readonly bareMs: number;
  readonly partMs: number;
  /** Of processor time, all threads counted: steadier than the clock on a busy machine. */
  readonly cpuShare: number;
}

/** One figure per size: the speed of writing rows, and as its ratio that of the worst race. */
export async function measureContest(contest: Contest, { sizes, bytesOfRace }: XComSizes): Promise<Figure[]> {
  const { kinds = ["rows"], isForSize = () => true } = contest;
  const figures: Figure[] = [];
  for (const sizeBytes of sizes.filter(isForSize)) {
    const found: Found[] = [];
    for (const kind of kinds) {
      const races = await contest.races(bytesOf(kind, sizeBytes), kind);
      for (const [way, race] of Object.entries(races))
        found.push({
          name: kinds.length > 1 ? `${way} ${kind}` : way,
          ...(await run(race, timesOf(sizeBytes, bytesOfRace), togetherOf(sizeBytes, contest))),
        });
    }
    figures.push(figureOf(contest, sizeBytes, found));
  }
  return figures;
}

/** Small values are taken more often. */
function timesOf(sizeBytes: number, bytesOfRace: number): number {
  const least = sizeBytes > bytesOfRace ? 3 : 6;
  return Math.min(3_000, Math.max(least, Math.round(bytesOfRace / sizeBytes)));
}

/** How many calls of one side are taken together. */
function togetherOf(sizeBytes: number, { isSlow = false }: Contest): number {
  return isSlow ? 1 : Math.min(mostTogether, Math.max(1, Math.round(bytesTogether / sizeBytes)));
}

/** Both sides in turns. A third of them warms up and does not count. */
async function run(race: Race, times: number, together: number): Promise<Omit<Found, "name">> {
  const [bare, part] = [race.bare, race.part].map((call) => async (): Promise<void> => {
    for (let time = 0; time < together; time++) await call();
  }) as [() => Promise<void>, () => Promise<void>];
  const took = { bare: [] as Took[], part: [] as Took[] };
  const began = performance.now();
  for (let time = 0; time < Math.max(6, times / together); time++) {
    took.bare.push(await take(bare));
    took.part.push(await take(part));
    if (time >= 5 && performance.now() - began > longestRaceMs) break;
  }
  const [first, second] = [quickest(took.bare), quickest(took.part)];
  return {
    bareMs: first.wallMs / together,
    partMs: second.wallMs / together,
    cpuShare: first.cpuMs / second.cpuMs,
  };
}

/** The lower quartile: what it takes while the machine does little else. A median would tell of that. */
function quickest(all: readonly Took[]): Took {
  const warm = all.slice(Math.floor(all.length / 3));
  const quartile = (values: readonly number[]): number =>
    values.toSorted((a, b) => a - b)[values.length >> 2] as number;
  return { wallMs: quartile(warm.map(({ wallMs }) => wallMs)), cpuMs: quartile(warm.map(({ cpuMs }) => cpuMs)) };
}

function figureOf({ id, name, against, target }: Contest, sizeBytes: number, found: readonly Found[]): Figure {
  const share = ({ bareMs, partMs }: Found): number => bareMs / partMs;
  const worst = found.reduce((least, each) => (share(each) < share(least) ? each : least));
  const rows = found.find((each) => each.name.startsWith("write")) ?? worst;
  const above = Math.max(...found.map(({ bareMs, partMs }) => (partMs - bareMs) * 1_000));
  const leastCpu = Math.min(...found.map(({ cpuShare }) => cpuShare));
  const size = sizeName(sizeBytes);
  return {
    id: `${id}${size.replace(" ", "")}`,
    name: `${name}, ${size}`,
    value: sizeBytes / 1e3 / rows.partMs,
    unit: "MB/s",
    ratio: { value: share(worst), to: against },
    target: target(sizeBytes),
    note: `writing; the ratio is that of the slowest: ${worst.name}, ${micros(worst.partMs)} as against ${micros(worst.bareMs)}; by processor time the least is ${Math.round(leastCpu * 100)} %`,
    more: {
      aboveUs: above,
      cpuRatio: leastCpu,
      ...Object.fromEntries(found.map((each) => [each.name.replace(" ", "_"), share(each)])),
    },
  };
}

function micros(ms: number): string {
  return ms >= 10 ? `${ms.toFixed(0)} ms` : `${(ms * 1_000).toFixed(ms < 0.1 ? 1 : 0)} µs`;
}
