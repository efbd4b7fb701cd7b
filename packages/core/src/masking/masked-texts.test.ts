import { describe, expect, it } from "vitest";
import { coreError } from "../errors.ts";
import { answerText } from "../scheduler/operations/request-answer.ts";
import type { Change } from "../store/contract.ts";
import { maskedChange, maskedError } from "./masked-texts.ts";
import { Masker, processMasker } from "./masker.ts";

const masker = new Masker();
masker.remember("hunter2-hunter2");
const text = "for hunter2-hunter2";

describe("a change", () => {
  it.each([
    { kind: "updateRun", note: text },
    { kind: "finishTask", error: JSON.stringify({ name: "Stopped", message: text }) },
    { kind: "returnTask", reason: text },
    { kind: "setTask", reason: text },
    { kind: "clearTask", reason: text },
    { kind: "collapseTask", reason: text },
    { kind: "appendEvent", event: { kind: "service.failed", data: JSON.stringify({ message: text, n: [text] }) } },
  ])("of kind $kind is stored without secrets in what people read", (change) => {
    const stored = maskedChange(change as unknown as Change, masker);
    expect(JSON.stringify(stored)).not.toContain("hunter2");
    expect(JSON.stringify(stored)).toContain("***");
    expect(stored.kind).toBe(change.kind);
  });

  it("keeps the names and numbers that programs go by, whatever a secret is", () => {
    const short = new Masker();
    for (const value of ["message", "1234", "null"]) short.remember(value);
    const data = JSON.stringify({ message: "a message", runNo: 1234, none: null });
    const event = { kind: "x", data } as never;
    expect(maskedChange({ kind: "appendEvent", event }, short)).toMatchObject({
      event: { data: '{"message":"a ***","runNo":1234,"none":null}' },
    });
  });

  it("without a sentence stays the same", () => {
    for (const change of [
      { kind: "updateRun", note: null },
      { kind: "setTask", reason: null },
      { kind: "appendEvent", event: { kind: "x", data: null } },
    ] as unknown as Change[])
      expect(maskedChange(change, masker)).toBe(change);
  });

  it("that carries data is not altered", () => {
    for (const change of [
      { kind: "putState", key: "k", value: JSON.stringify(text) },
      { kind: "finishTask", error: null, xcoms: [{ key: "k", format: "json", stored: JSON.stringify(text) }] },
      { kind: "createRun", conf: JSON.stringify({ text }) },
    ] as unknown as Change[])
      expect(maskedChange(change, masker)).toBe(change);
  });
});

it("an answer to another process tells an error without secrets; a result is data", () => {
  processMasker.remember("hunter2-answers");
  // Its cure names what is missing too.
  const error = coreError("PLUGIN_NOT_FOUND", { name: "hunter2-answers", from: "here" });
  expect(answerText({ error })).not.toContain("hunter2");
  expect(answerText({ error })).toContain("***");
  expect(answerText({ result: { runId: "hunter2-answers" } })).toBe('{"result":{"runId":"hunter2-answers"}}');
});

it("an error is kept without secrets in any of its texts", () => {
  expect(maskedError({ name: text, message: text, code: text, stack: `${text}\n at hunter2-hunter2` }, masker)).toEqual(
    {
      name: "for ***",
      message: "for ***",
      code: "for ***",
      stack: "for ***\n at ***",
    },
  );
  expect(maskedError({ name: "Error", message: "m" }, masker)).toEqual({ name: "Error", message: "m" });
});
