import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkDagId, checkRunId, checkTaskPath, checkXComKey } from "@millrace/core/engine";
import { isMillraceError } from "@millrace/core/plugin";
import { beforeAll, describe, expect, it } from "vitest";
import type { CommandDefinition } from "../src/command.ts";
import { catalogue } from "../src/command-table.ts";
import { helloDag, type Project, project } from "./project.ts";

const hostile: readonly string[] = [
  "..",
  "../x",
  "a/../../b",
  "..%2f",
  "%252e%252e",
  "..\\x",
  "a\0b",
  "CON",
  "x".repeat(300),
  "trailing.",
  "trailing ",
  "right\u202eleft",
  "🙂",
  "e\u0301",
  "",
  "__proto__",
  "/etc/passwd",
  "a\u001b[2Jb",
  "a\nb",
  "$(touch owned)",
];

/** What stands for an id that is meant well, and who says whether an id is one. */
const kinds: Readonly<Record<string, { readonly good: string; readonly check: (id: string) => unknown }>> = {
  dag: { good: "hello", check: checkDagId },
  run: { good: "latest", check: checkRunId },
  task: { good: "name", check: checkTaskPath },
  "xcom-key": { good: "return_value", check: checkXComKey },
};
/** Values of arguments that are no ids of these kinds. */
const others: Readonly<Record<string, string>> = { "<pool>": "default_pool", "<slots>": "128" };
/** Options without which the command says so before it looks at ids. */
const needed: Readonly<Record<string, readonly string[]>> = {
  "tasks mark": ["--as", "success"],
  "dags set": ["--reset"],
  "backfill plan": ["--from", "2026-01-01", "--to", "2026-01-02"],
  "backfill create": ["--from", "2026-01-01", "--to", "2026-01-02"],
  "xcom gc": ["--dag", "hello", "--run", "latest"],
};

interface Place {
  readonly path: string;
  readonly what: string;
  readonly kind: string;
  words(id: string): readonly string[];
}

function placesOf(path: string, { arguments: args = [], options = [] }: CommandDefinition): Place[] {
  const isDestructive = options.some(({ flags }) => flags.includes("--yes"));
  const more = [...(needed[path] ?? []), ...(isDestructive ? ["--yes"] : []), "-o", "json"];
  const good = args.map(({ name, completes }) =>
    typeof completes === "string" ? (kinds[completes]?.good ?? "") : (others[name] ?? ""),
  );
  const required = good.slice(0, args.findLastIndex(({ name }) => name.startsWith("<")) + 1);
  const inArguments = args.flatMap(({ name, completes }, at): Place[] =>
    typeof completes === "string"
      ? [
          {
            path,
            what: name,
            kind: completes,
            words: (id) => [
              ...path.split(" "),
              ...more,
              "--",
              ...good.with(at, id).slice(0, Math.max(at + 1, required.length)),
            ],
          },
        ]
      : [],
  );
  const inOptions = options.flatMap(({ flags, completes }): Place[] => {
    const flag = /--[a-z-]+/.exec(flags)?.[0] ?? "";
    const kind = flag === "--run-id" ? "run" : completes;
    if (typeof kind !== "string") return [];
    return [
      { path, what: flag, kind, words: (id) => [...path.split(" "), ...more, `${flag}=${id}`, "--", ...required] },
    ];
  });
  return [...inArguments, ...inOptions];
}

const commands = await Promise.all(
  catalogue.commands
    .filter(({ isHidden }) => !isHidden)
    .map(async ({ path, load }) => ({ path, definition: (await load()).default })),
);
const places = commands.flatMap(({ path, definition }) => placesOf(path, definition));

/** Every file that is there, with the folder around the project. */
const filesAround = ({ folder }: Project): readonly string[] => [
  ...readdirSync(dirname(folder)),
  ...readdirSync(folder),
  ...readdirSync(join(folder, ".millrace")).filter((name) => !/^engine\.|-(wal|shm)$/.test(name)),
];

describe("hostile ids", () => {
  let made: Project;
  beforeAll(async () => {
    made = project({ "dags/hello.ts": helloDag });
    expect((await made.millrace(["run", "hello", "--quiet"])).code).toBe(0);
  });

  it("have a place in every command that names a DAG, a run, a task or a key", () => {
    expect(new Set(places.map(({ path }) => path)).size).toBeGreaterThanOrEqual(18);
    expect(places.length).toBeGreaterThanOrEqual(40);
  });

  it.each(places.map((place) => [place.path, place.what, place] as const))(
    "in %s %s are refused with a code",
    async (path, what, place) => {
      const before = filesAround(made);
      for (const id of hostile) {
        const isId = grammatical(place.kind, id);
        // A well-formed name for a new run is no hostile one: it would be run.
        if (isId && what === "--run-id") continue;
        const ended = await made.here(place.words(id));
        const where = `${path} ${what} ${JSON.stringify(id)}`;
        const { error } = ended.json<{ error?: { code: string; message: string } }>();
        if (!isId)
          expect([where, ended.code, error?.code]).toEqual([
            where,
            2,
            expect.stringMatching(/^(DAG|RUN|TASK|XCOM_KEY|USAGE)_[A-Z_]*INVALID$/),
          ]);
        else if (ended.code !== 0)
          expect([where, ended.code, error?.code]).toEqual([where, 3, expect.stringMatching(/_(NOT_FOUND|ABSENT)$/)]);
        expect([where, /\n\s+at |[\u0000-\u0008\u001b\u202e]/.test(ended.err)]).toEqual([where, false]);
      }
      expect(filesAround(made)).toEqual(before);
    },
  );
});

function grammatical(kind: string, id: string): boolean {
  try {
    kinds[kind].check(id);
    return true;
  } catch (error) {
    if (isMillraceError(error)) return false;
    throw error;
  }
}
