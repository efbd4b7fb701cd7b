/** A graph as the facts write it. */
export interface GraphText {
  /** In the order of their first mention. */
  readonly names: readonly string[];
  readonly edges: readonly (readonly [from: string, to: string])[];
  /** `t[0..2]`: so many mapped instances. */
  readonly mapped: ReadonlyMap<string, number>;
  /** `op1(sc)`: what stands in brackets right behind a name. */
  readonly marks: ReadonlyMap<string, string>;
  /** `(t mapped over s)`: further brackets. */
  readonly remarks: readonly string[];
}

const token = /\s*(>>?|[[\],;]|\(|[A-Za-z_][\w.-]*)/y;

/**
 * Reads `s1>w1>[w2,t1], s1>t1`: chains of names or lists, separated by `,` or `;`, or given as several texts.
 *
 * @throws an error that shows the place where it is something else
 */
export function parseGraph(texts: string | readonly string[]): GraphText {
  const reader = new GraphReader();
  for (const text of [texts].flat()) reader.read(text);
  return reader.graph;
}

class GraphReader {
  readonly graph = {
    names: [] as string[],
    edges: [] as [string, string][],
    mapped: new Map<string, number>(),
    marks: new Map<string, string>(),
    remarks: [] as string[],
  };
  #text = "";
  #at = 0;

  read(text: string): void {
    this.#text = text;
    this.#at = 0;
    let before: readonly string[] = [];
    for (let next = this.#take(); next !== undefined; next = this.#take()) {
      if (next === "," || next === ";") before = [];
      else if (next === "(") this.graph.remarks.push(this.#bracket());
      else if (next !== ">" && next !== ">>") {
        const items = this.#items(next);
        for (const from of before) for (const to of items) this.#link(from, to);
        before = items;
      }
    }
  }

  #items(first: string): readonly string[] {
    if (first !== "[") return [this.#name(first)];
    const items: string[] = [];
    for (let next = this.#take(); next !== "]"; next = this.#take()) {
      if (next === undefined) throw this.#error();
      if (next !== ",") items.push(this.#name(next));
    }
    return items;
  }

  #name(name: string): string {
    if (!/^[A-Za-z_]/.test(name)) throw this.#error();
    const { names, mapped, marks } = this.graph;
    if (!names.includes(name)) names.push(name);
    const count = /\[0\.\.(\d+)\]/y;
    count.lastIndex = this.#at;
    const found = count.exec(this.#text);
    if (found) {
      this.#at = count.lastIndex;
      mapped.set(name, Number(found[1]) + 1);
    }
    if (this.#text[this.#at] === "(") {
      this.#at++;
      marks.set(name, this.#bracket());
    }
    return name;
  }

  #bracket(): string {
    const end = this.#text.indexOf(")", this.#at);
    if (end < 0) throw this.#error();
    const inside = this.#text.slice(this.#at, end);
    this.#at = end + 1;
    return inside;
  }

  #link(from: string, to: string): void {
    if (!this.graph.edges.some(([a, b]) => a === from && b === to)) this.graph.edges.push([from, to]);
  }

  #take(): string | undefined {
    if (this.#text.slice(this.#at).trim() === "") return undefined;
    token.lastIndex = this.#at;
    const found = token.exec(this.#text);
    if (!found) throw this.#error();
    this.#at = token.lastIndex;
    return found[1];
  }

  #error(): Error {
    return new Error(`not a graph from character ${this.#at} on: ${this.#text}`);
  }
}
