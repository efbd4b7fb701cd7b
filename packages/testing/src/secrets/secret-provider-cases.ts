import type { ConnectionInput, SecretProvider } from "@millrace/core/engine";
import { expect } from "vitest";
import type { ConformanceCase } from "../conformance/conformance-case.ts";

/** What the suite is given for each of its tests. */
export interface SecretProviderUnderTest {
  readonly provider: SecretProvider;
  /** Every secret that it has; at least one. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Every connection that it has; at least one. */
  readonly connections: Readonly<Record<string, ConnectionInput>>;
  /** From now on what it asks cannot be reached. For providers that ask somebody. */
  fail?(): void | Promise<void>;
  cleanup?(): void | Promise<void>;
}

type Kind = "secret" | "connection";

/** How long a provider may go on once nobody waits for its answer, in real time. */
const graceMs = 2_000;
const unasked = () => ({ signal: new AbortController().signal });

/** Names that it does not have, among them some that objects, folders and queries have of their own. */
const absent = ["nothing", "constructor", "prototype", "length", "etc/passwd", "a.b/c-d_e", "0", "x".repeat(100)];

const valuesOf = ({ secrets, connections }: SecretProviderUnderTest): readonly (readonly [Kind, string, unknown])[] => [
  ...Object.entries(secrets).map(([name, value]) => ["secret", name, value] as const),
  ...Object.entries(connections).map(([name, value]) => ["connection", name, value] as const),
];

/** Texts that may stand in nothing that people read. */
function hiddenOf({ secrets, connections }: SecretProviderUnderTest): readonly string[] {
  const passwords = Object.values(connections).map((given) =>
    typeof given === "string" ? decodeURIComponent(new URL(given).password) : given.password,
  );
  return [...Object.values(secrets), ...passwords].filter((text): text is string => text !== undefined && text !== "");
}

function expectHidden(subject: SecretProviderUnderTest, text: string): void {
  for (const value of hiddenOf(subject)) expect(text).not.toContain(value);
}

export const secretProviderCases: readonly ConformanceCase<SecretProviderUnderTest>[] = [
  {
    name: "has a name for people, which holds no value",
    run(subject) {
      expect(subject.provider.name).toMatch(/^[^\s\p{Cc}](?:[^\p{Cc}]*[^\s\p{Cc}])?$/u);
      expectHidden(subject, subject.provider.name);
    },
  },
  {
    name: "gives every secret and connection that it has, again and again, and all at once",
    async run(subject) {
      const all = valuesOf(subject);
      expect(Object.keys(subject.secrets).length * Object.keys(subject.connections).length).toBeGreaterThan(0);
      for (let round = 0; round < 2; round++)
        for (const [kind, name, value] of all) expect(await subject.provider.get(kind, name, unasked())).toEqual(value);
      const given = await Promise.all(all.map(([kind, name]) => subject.provider.get(kind, name, unasked())));
      expect(given).toEqual(all.map(([, , value]) => value));
    },
  },
  {
    name: "has nothing under names that it does not have",
    async run({ provider, secrets, connections }) {
      for (const name of absent) {
        if (!Object.hasOwn(secrets, name)) expect(await provider.get("secret", name, unasked())).toBeUndefined();
        if (!Object.hasOwn(connections, name))
          expect(await provider.get("connection", name, unasked())).toBeUndefined();
      }
    },
  },
  {
    name: "keeps secrets and connections apart",
    async run({ provider, secrets, connections }) {
      for (const name of Object.keys(secrets))
        if (!Object.hasOwn(connections, name))
          expect(await provider.get("connection", name, unasked())).toBeUndefined();
      for (const name of Object.keys(connections))
        if (!Object.hasOwn(secrets, name)) expect(await provider.get("secret", name, unasked())).toBeUndefined();
    },
  },
  {
    name: "gives the same though somebody has changed what it gave",
    async run(subject) {
      for (const [kind, name, value] of valuesOf(subject)) {
        const expected = structuredClone(value);
        const given = await subject.provider.get(kind, name, unasked());
        if (typeof given !== "object") continue;
        try {
          Object.assign(given, { password: "changed", type: "changed", url: "changed://" });
        } catch {
          // Frozen: nobody can change it.
        }
        expect(await subject.provider.get(kind, name, unasked())).toEqual(expected);
      }
    },
  },
  {
    name: "lists what it has, each once, without values",
    async run(subject) {
      const { provider } = subject;
      if (!provider.list) return;
      const listed = await provider.list(unasked());
      const text = ({ kind, name }: { readonly kind: string; readonly name: string }): string => `${kind} ${name}`;
      expect(listed.map(text).sort()).toEqual(
        valuesOf(subject)
          .map(([kind, name]) => text({ kind, name }))
          .sort(),
      );
      expectHidden(subject, JSON.stringify(listed));
    },
  },
  {
    name: "answers or refuses soon once nobody waits any more",
    async run(subject) {
      const [[kind, name] = ["secret", "nothing"] as const] = valuesOf(subject);
      const calls: readonly (() => unknown)[] = [
        () => subject.provider.get(kind, name, { signal: AbortSignal.abort(new Error("late")) }),
        () => subject.provider.list?.({ signal: AbortSignal.abort(new Error("late")) }),
      ];
      for (const call of calls) {
        let timer: NodeJS.Timeout | undefined;
        const late = new Promise<string>((resolve) => {
          timer = setTimeout(() => resolve("late"), graceMs);
        });
        const settled = Promise.resolve()
          .then(call)
          .then(
            () => "settled",
            () => "settled",
          );
        expect(await Promise.race([settled, late])).toBe("settled");
        clearTimeout(timer);
      }
    },
  },
  {
    name: "refuses what it cannot ask for, instead of having nothing, and says no value",
    async run(subject) {
      if (!subject.fail) return;
      const all = valuesOf(subject);
      for (const [kind, name] of all) await subject.provider.get(kind, name, unasked());
      await subject.fail();
      for (const [kind, name] of [...all, ["secret", "nothing"] as const]) {
        const error: unknown = await Promise.resolve()
          .then(() => subject.provider.get(kind, name, unasked()))
          .then(
            () => undefined,
            (thrown: unknown) => thrown,
          );
        expect(error).toBeInstanceOf(Error);
        expectHidden(subject, String((error as Error).stack));
      }
    },
  },
  {
    name: "tells of a connection that it tries whether it is well, in a sentence without values",
    async run(subject) {
      const { provider, connections } = subject;
      for (const name of provider.test ? Object.keys(connections) : []) {
        const found = await provider.test?.(name, unasked());
        expect(found).toEqual({
          ok: expect.any(Boolean) as unknown,
          detail: expect.stringMatching(/^\S.*\S$/) as unknown,
        });
        expectHidden(subject, found?.detail ?? "");
      }
    },
  },
];
