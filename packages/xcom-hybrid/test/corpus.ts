import { createCipheriv } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** Values as tasks pass them on: JSON text, 40 KB to 2 MB. The same on every machine, but for the real sources. */
export function corpus(): ReadonlyMap<string, Uint8Array> {
  let drawn = 0;
  const randomBytes = (size: number) => streamOf(++drawn, size);
  const numbers = randomBytes(1_600_000);
  let at = 0;
  const random = () => {
    at = (at + 4) % (numbers.length - 4);
    return numbers.readUInt32LE(at) / 2 ** 32;
  };
  const rows = (count: number, make: (n: number) => unknown) =>
    JSON.stringify(Array.from({ length: count }, (_, n) => make(n)));
  const cities = ["Kassel", "Göttingen", "Fulda", "Erfurt", "Marburg"];
  const base64 = (size: number) => randomBytes(size).toString("base64");
  const sources = realSources();
  return new Map(
    Object.entries({
      "orders, 5,000 rows": rows(5_000, (id) => ({
        id,
        customer: `C-${Math.floor(random() * 9_000)}`,
        city: cities[Math.floor(random() * cities.length)],
        amount: Math.round(random() * 100_000) / 100,
      })),
      "orders, 400 rows": rows(400, (id) => ({ id, amount: Math.round(random() * 10_000), city: cities[id % 5] })),
      "numbers of full precision": rows(40_000, () => random()),
      "small whole numbers": rows(200_000, () => Math.floor(random() * 10)),
      "log lines": rows(
        6_000,
        (n) => `2026-01-01T00:00:${n % 60}Z INFO worker-${n % 7} took ${Math.floor(random() * 900)} ms`,
      ),
      "one text again and again": JSON.stringify("all work and no play ".repeat(20_000)),
      "binary data": JSON.stringify({ $millrace: ["Uint8Array", base64(600_000)] }),
      "zeros as base64": JSON.stringify({ $millrace: ["Uint8Array", Buffer.alloc(600_000).toString("base64")] }),
      "text, then binary data": JSON.stringify(["x y z ".repeat(60_000), base64(270_000)]),
      "binary data between rows": rows(60, (n) => ({
        note: "nothing to say about this one ".repeat(90),
        data: base64(2_000 + n),
      })),
      "TypeScript sources": JSON.stringify(sources),
      "TypeScript sources, 40 KB": JSON.stringify(sources.slice(0, 40_000)),
      identifiers: rows(15_000, () => randomBytes(16).toString("hex")),
    }).map(([name, text]) => [name, new TextEncoder().encode(text)]),
  );
}

/** Random bytes, the same for the same number. */
function streamOf(number: number, size: number): Buffer {
  const start = Buffer.alloc(16);
  start.writeUInt32LE(number);
  return createCipheriv("aes-128-ctr", Buffer.alloc(16, 3), start).update(Buffer.alloc(size));
}

/** The declarations of a library that is installed anyway: real text that people wrote. */
function realSources(): string {
  const folder = dirname(fileURLToPath(import.meta.resolve("zod/package.json")));
  const files = globSync("v4/**/*.d.ts", { cwd: folder }).sort();
  return files.map((file) => readFileSync(`${folder}/${file}`, "utf8")).join("\n");
}
