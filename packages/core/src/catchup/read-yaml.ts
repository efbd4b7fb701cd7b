import { createRequire } from "node:module";
import type * as Yaml from "yaml";
import { isMillraceError, type MillraceError } from "../errors.ts";

const mostAliases = 100;

/**
 * Reads YAML 1.2, one document without tags. What is none is told by where it breaks, never by what stands there. The library is
 * loaded for the first text that needs it, at once: settings hold from one moment to the next, also under a clock that stands still.
 */
export function readYaml(text: string, broken: (why: string) => MillraceError): unknown {
  const { isScalar, LineCounter, parseDocument, visit } = createRequire(import.meta.url)("yaml") as typeof Yaml;
  try {
    const lineCounter = new LineCounter();
    // Its own look at keys compares each with each.
    const document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: false });
    const refuse = (code: string, offset: number | undefined): never => {
      const { line, col } = lineCounter.linePos(offset ?? 0);
      throw broken(`it is not YAML that can be read (${code}), at line ${line} column ${col}`);
    };
    const [problem] = [...document.errors, ...document.warnings];
    if (problem) refuse(problem.code, problem.pos[0]);
    visit(document, {
      Map: (_, { items }) => {
        const keys = new Set<unknown>();
        for (const { key } of items) {
          if (!isScalar(key)) continue;
          if (keys.has(String(key.value))) refuse("DUPLICATE_KEY", key.range?.[0]);
          keys.add(String(key.value));
        }
      },
    });
    return document.toJS({ maxAliasCount: mostAliases });
  } catch (error) {
    if (isMillraceError(error)) throw error;
    const isAlias = error instanceof ReferenceError;
    throw broken(isAlias ? "it has aliases that lead nowhere, or too many" : "it is nested too deeply");
  }
}
