/** Shells for which there is a script. */
export const shells = ["bash", "zsh", "fish"] as const;

export type Shell = (typeof shells)[number];

/**
 * The scripts hand the words before the cursor to `millrace complete` and offer what it prints, a candidate per line.
 * Nothing that was typed is evaluated by the shell.
 */
const scripts: Readonly<Record<Shell, string>> = {
  bash: `# Completion of millrace for bash. Add to ~/.bashrc:  source <(millrace completion bash)
_millrace_completion() {
  local line="\${COMP_LINE:0:COMP_POINT}" current candidate
  current="\${line##*[[:space:]]}"
  # bash breaks words at colons and offers only what comes behind the last one.
  local cut="\${current%"\${current##*[:=]}"}"
  COMPREPLY=()
  while IFS= read -r candidate; do
    [ -n "$candidate" ] && COMPREPLY+=("\${candidate#"$cut"}")
  done < <(millrace complete --shell bash --line "$line" 2>/dev/null)
}
complete -o default -F _millrace_completion millrace
`,
  zsh: `#compdef millrace
# Completion of millrace for zsh. Add to ~/.zshrc:  source <(millrace completion zsh)
_millrace() {
  local -a candidates
  candidates=("\${(@f)$(millrace complete --shell zsh -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if (( \${#candidates} > 0 )) && [[ -n "\${candidates[1]}" ]]; then
    _describe -V millrace candidates
  else
    _files
  fi
}
if [[ "\${funcstack[1]}" == "_millrace" ]]; then
  _millrace "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }
  compdef _millrace millrace
fi
`,
  fish: `# Completion of millrace for fish. Save as ~/.config/fish/completions/millrace.fish
function __millrace_complete
  set -l before (commandline -opc)
  set -l current (commandline -ct)
  set -l candidates (millrace complete --shell fish -- $before[2..-1] "$current" 2>/dev/null)
  if test (count $candidates) -gt 0
    printf '%s\\n' $candidates
  else
    __fish_complete_path "$current"
  end
end
complete -c millrace -e
complete -c millrace -f -k -a '(__millrace_complete)'
`,
};

export function completionScript(shell: Shell): string {
  return scripts[shell];
}
