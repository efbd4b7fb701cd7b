import type { Item, Link } from "./terminal-rows.ts";

/**
 * Items of one column that all lead to the same items of the next: one upright piece on a track joins them,
 * or none where a single line runs straight.
 */
export interface Net {
  readonly sources: readonly Item[];
  readonly targets: readonly Item[];
  readonly top: number;
  readonly bottom: number;
  /** From the left, from 0; -1 for a net that only runs straight. */
  track: number;
}

/**
 * Puts the upright pieces between two columns on tracks, so that none lies on another and no line runs along a foreign one.
 * `undefined` if there is no such order.
 */
export function assignTracks(links: readonly Link[]): readonly Net[] | undefined {
  const nets = netsOf(links);
  const upright = nets.filter((net) => net.top !== net.bottom);
  const rest = new Set(upright);
  const done: Net[] = [];
  while (rest.size > 0) {
    const free = [...rest].filter((net) => ![...rest].some((other) => other !== net && mustFollow(net, other)));
    if (free.length === 0) return undefined;
    const next = free.reduce((best, net) => (crossings(net, best) < crossings(best, net) ? net : best));
    rest.delete(next);
    const before = done.filter((other) => overlap(other, next) || mustFollow(next, other));
    next.track = before.reduce((most, { track }) => Math.max(most, track + 1), 0);
    done.push(next);
  }
  return nets;
}

function netsOf(links: readonly Link[]): Net[] {
  const targetsOf = new Map<Item, Set<Item>>();
  for (const { from, to } of links) targetsOf.set(from, (targetsOf.get(from) ?? new Set()).add(to));
  const nets: { readonly sources: Item[]; readonly targets: ReadonlySet<Item> }[] = [];
  for (const [from, targets] of targetsOf) {
    const same = nets.find(
      (net) => net.targets.size === targets.size && [...targets].every((target) => net.targets.has(target)),
    );
    if (same) same.sources.push(from);
    else nets.push({ sources: [from], targets });
  }
  return nets.map(({ sources, targets }) => {
    const rows = [...sources, ...targets].map(({ row }) => row);
    return { sources, targets: [...targets], top: Math.min(...rows), bottom: Math.max(...rows), track: -1 };
  });
}

/** A line may turn into a target's row only behind the place where a foreign source of that row has turned off. */
function mustFollow(net: Net, other: Net): boolean {
  return net.targets.some(({ row }) => other.sources.some((source) => source.row === row));
}

function overlap(a: Net, b: Net): boolean {
  return a.top <= b.bottom && b.top <= a.bottom;
}

/** How often lines cross when `left` stands to the left of `right`. */
function crossings(left: Net, right: Net): number {
  const within = (row: number, net: Net): boolean => row > net.top && row < net.bottom;
  let count = right.sources.filter(({ row }) => within(row, left)).length;
  for (const { row } of left.targets) if (within(row, right)) count++;
  return count;
}
