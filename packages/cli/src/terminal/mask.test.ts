import { givenSecrets, testConnection } from "@millrace/core/engine";
import { coreError } from "@millrace/core/plugin";
import { beforeAll, expect, it } from "vitest";
import { errorLines, errorPayload } from "../report-error.ts";
import { maskedPieces, withoutSecrets } from "./mask.ts";
import { styleOf } from "./style.ts";

const password = "hunter2-hunter2";
beforeAll(async () => {
  expect(withoutSecrets(password)).toBe(password);
  expect(maskedPieces()(password)).toBe(password);
  // Whoever hands a value out has it masked in the whole process.
  const connections = { it: { type: "nothing", password } };
  await testConnection("it", { providers: [givenSecrets({ connections })] });
});

it("texts are printed without what was handed out in this process", () => {
  expect(withoutSecrets(`with ${password}`)).toBe("with ***");
});

it("so are pieces, as text or bytes, also where a value is split over two of them", () => {
  const masked = maskedPieces();
  expect(masked(`with ${password}\n`)).toBe("with ***\n");
  expect(masked(Buffer.from(`with ${password}\n`))).toBe("with ***\n");
  expect(masked("begins hunter2-")).toBe("begins ***");
  expect(masked("hunter2 ends")).toBe("*** ends");
});

it("errors are shown without it: message, cure, stack and causes, for people and as JSON", () => {
  const own = new Error(`no ${password}`, { cause: new Error(`because of ${password}`) });
  const coded = coreError("PLUGIN_NOT_FOUND", { name: password, from: "here" }, { cause: own });
  for (const error of [own, coded]) {
    const shown = `${JSON.stringify(errorPayload(error))}${errorLines(error, styleOf(false), { debug: true }).join("\n")}`;
    expect(shown).not.toContain("hunter2");
    expect(shown).toContain("***");
  }
});
