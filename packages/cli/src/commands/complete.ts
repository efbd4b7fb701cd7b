import { defineCommand } from "../command.ts";
import { type Candidate, candidatesFor } from "../completion/candidates.ts";
import { lookUpIn } from "../completion/look-up.ts";
import { shells } from "../completion/shell-scripts.ts";
import { exitCodes } from "../exit-codes.ts";
import { safeLine } from "../terminal/safe-text.ts";

export default defineCommand({
  about:
    "Prints what the last word may become, a candidate per line. Completion scripts call it; what goes wrong leaves no candidates.",
  arguments: [{ name: "[words...]", says: "the words so far, the last one up to the cursor" }],
  options: [
    { flags: "--shell <shell>", says: "how to print candidates", choices: shells, default: "bash" },
    { flags: "--line <text>", says: "the whole line up to the cursor instead of words" },
  ],
  examples: [["millrace complete -- dags sh", "prints 'show'"]],
  async run(session, given) {
    const line = given.textOr("line", undefined);
    const words = line === undefined ? given.list("words") : line.split(/\s+/).slice(1);
    let found: readonly Candidate[] = [];
    try {
      found = await candidatesFor(words, session.catalogue, lookUpIn(session));
    } catch {
      // A broken config or store is nothing to tell in the middle of a line.
    }
    const shell = given.text("shell");
    session.print(found, () => found.map((candidate) => lineFor(shell, candidate)));
    return exitCodes.ok;
  },
});

function lineFor(shell: string, candidate: Candidate): string {
  const value = safeLine(candidate.value);
  const says = safeLine(candidate.says);
  if (shell === "zsh") return `${value.replaceAll(":", "\\:")}${says === "" ? "" : `:${says}`}`;
  return shell === "fish" && says !== "" ? `${value}\t${says}` : value;
}
