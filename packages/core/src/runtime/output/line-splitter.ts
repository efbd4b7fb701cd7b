import { StringDecoder } from "node:string_decoder";
import { longestMessage } from "./log-text.ts";

/** Makes lines of what is printed in pieces. Of a line that is too long no more is kept than what shows that it is. */
export class LineSplitter {
  readonly #take: (line: string) => void;
  readonly #decoder = new StringDecoder("utf8");
  #rest = "";

  constructor(take: (line: string) => void) {
    this.#take = take;
  }

  add(piece: string | Uint8Array): void {
    const text = typeof piece === "string" ? piece : this.#decoder.write(Buffer.from(piece));
    let from = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      this.#append(text, from, end);
      this.#end();
      from = end + 1;
    }
    this.#append(text, from, text.length);
  }

  /** What stands there without an end is a line too. */
  flush(): void {
    this.#append(this.#decoder.end(), 0);
    if (this.#rest !== "") this.#end();
  }

  #append(text: string, from: number, to = text.length): void {
    const room = longestMessage + 1 - this.#rest.length;
    if (room > 0) this.#rest += text.slice(from, Math.min(to, from + room));
  }

  #end(): void {
    const line = this.#rest;
    this.#rest = "";
    this.#take(line);
  }
}
