import { shown } from "@millrace/core/plugin";
import { defineCommand } from "../command.ts";
import { completionScript, type Shell, shells } from "../completion/shell-scripts.ts";
import { cliError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";

export default defineCommand({
  about: "Commands, options, ids of DAGs, tasks and runs complete.",
  arguments: [{ name: "<shell>", says: shells.join(", "), completes: shells }],
  examples: [
    ["source <(millrace completion bash)", "in ~/.bashrc"],
    ["source <(millrace completion zsh)", "in ~/.zshrc"],
    ["millrace completion fish > ~/.config/fish/completions/millrace.fish", "once"],
  ],
  async run(session, given) {
    const shell = shells.find((each) => each === given.text("shell"));
    if (shell === undefined)
      throw cliError("USAGE_INVALID", {
        what: `There is no completion for the shell ${shown(given.text("shell"))}; there is for ${shells.join(", ")}`,
        command: "millrace completion",
      });
    const script = completionScript(shell satisfies Shell);
    session.print({ shell, script }, () => [script.trimEnd()]);
    return exitCodes.ok;
  },
});
