/**
 * A cycle of a directed graph as node numbers, the first repeated at the end; `undefined` if there is none.
 * Iterative, so that a chain of any length is fine.
 */
export function findCycle(
  nodes: number,
  edges: readonly (readonly [from: number, to: number])[],
): readonly number[] | undefined {
  const downstream: number[][] = Array.from({ length: nodes }, () => []);
  for (const [from, to] of edges) downstream[from].push(to);
  const state = new Uint8Array(nodes); // 0 unseen, 1 on the path, 2 finished
  for (let root = 0; root < nodes; root++) {
    if (state[root] !== 0) continue;
    const path = [root];
    const next = [0];
    state[root] = 1;
    while (path.length > 0) {
      const node = path[path.length - 1];
      const child = downstream[node][next[next.length - 1]++];
      if (child === undefined) {
        state[node] = 2;
        path.pop();
        next.pop();
      } else if (state[child] === 1) {
        return [...path.slice(path.indexOf(child)), child];
      } else if (state[child] === 0) {
        state[child] = 1;
        path.push(child);
        next.push(0);
      }
    }
  }
  return undefined;
}
