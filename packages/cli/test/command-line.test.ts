import { describe, expect, it } from "vitest";
import { catalogue } from "../src/command-table.ts";
import { helloDag, here, project } from "./project.ts";

const { millrace, folder } = project({ "dags/hello.ts": helloDag });

/** For command lines that load no file of the user. */
const inProcess = (args: readonly string[]) => here(args, folder);

const paths = catalogue.commands.filter(({ isHidden }) => !isHidden).map(({ path }) => path);

describe("the command line", () => {
  it.each([...paths, ...Object.keys(catalogue.groups)])("%s --help has an example and exits with 0", async (path) => {
    const ended = await inProcess([...path.split(" "), "--help"]);
    expect(ended.code).toBe(0);
    expect(ended.out).toMatch(/^Usage: millrace /);
    expect(ended.out).toMatch(/Examples:\n {2}\S/);
    expect(ended.err).toBe("");
  });

  it("prints help without arguments, and its version", async () => {
    expect((await millrace([])).out).toMatch(/^Usage: millrace/);
    expect((await millrace(["--version"])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await millrace(["--version", "-o", "json"])).json()).toEqual({ version: expect.any(String) });
    expect((await millrace(["runs", "--help", "-o", "json"])).json()).toEqual({
      help: expect.stringContaining("Usage:"),
    });
  });

  it.each([
    [["rnu", "hello"], "Did you mean run?"],
    [["dags", "lst"], "Did you mean list?"],
    [["dags"], "needs one more word: list, show, next, validate, trigger, pause, unpause, set"],
    [["run"], "Missing required argument 'dag'"],
    [["run", "hello", "--parms", "{}"], "Did you mean --params?"],
    [["runs", "list", "--limit", "0"], "a whole number from 1 to 10000"],
    [["runs", "list", "--state", "good"], "Allowed choices are"],
    [["-o", "xml", "dags", "list"], "Allowed choices are table, json"],
    [["dags", "list", "extra"], "Too many arguments"],
    [["tasks", "logs", "hello", "latest", "-f", "-o", "json"], "exclude each other"],
    [["completion", "tcsh"], "bash, zsh, fish"],
  ])("answers %j with 2 and says what is wrong", async (args, text) => {
    const ended = await inProcess(args);
    expect(ended.code).toBe(2);
    expect(ended.err).toContain(text);
  });

  const hostile = ["../x", "a/b", "a\nb", "a\u001b[31m", "x".repeat(300), "..", "$(id)", "a b", ""];
  const places: readonly (readonly string[])[] = [
    ["run", "{}"],
    ["dags", "show", "{}"],
    ["tasks", "list", "{}"],
    ["runs", "list", "--dag", "{}"],
    ["runs", "show", "{}"],
    ["runs", "show", "hello", "{}"],
    ["tasks", "states", "hello", "{}"],
    ["tasks", "logs", "hello", "latest", "{}"],
    ["xcom", "list", "hello", "latest", "--task", "{}"],
    ["xcom", "get", "hello", "latest", "{}"],
    ["xcom", "get", "hello", "latest", "name", "{}"],
  ];
  it.each(places.map((place, at) => [place, hostile[at % hostile.length]] as const))(
    "refuses hostile ids in %j: %j",
    async (place, id) => {
      for (const each of new Set(["../x", id])) {
        const ended = await millrace([...place.map((word) => (word === "{}" ? each : word)), "-o", "json"]);
        const { error } = ended.json<{ error: { code: string } }>();
        expect(error.code).toMatch(/^(DAG_ID_INVALID|RUN_ID_INVALID|XCOM_KEY_INVALID|USAGE_INVALID)$/);
        expect(ended.code).toBe(2);
        expect(ended.err).not.toContain("\u001b");
      }
    },
  );

  it("shows the stack of an error with --debug only", async () => {
    expect((await millrace(["dags", "show", "nope"])).err).not.toMatch(/\n\s+at /);
    expect((await millrace(["dags", "show", "nope", "--debug"])).err).toMatch(/\n\s+at /);
  });

  it("has colour where it is forced, and none with NO_COLOR, --no-color or -o json", async () => {
    const forced = { env: { FORCE_COLOR: "1" } };
    expect((await millrace(["dags", "list"], forced)).out).toContain("\u001b[");
    expect((await millrace(["dags", "list", "--no-color"], forced)).out).not.toContain("\u001b[");
    expect((await millrace(["dags", "list"], { env: { FORCE_COLOR: "1", NO_COLOR: "1" } })).out).not.toContain(
      "\u001b[",
    );
    expect((await millrace(["dags", "list", "-o", "json"], forced)).out).not.toContain("\u001b[");
    expect((await millrace(["dags", "list"])).out).not.toContain("\u001b[");
  });
});
