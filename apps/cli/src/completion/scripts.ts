/** Shells that can be told how to complete. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The hidden command that the scripts ask, with the words of the line behind `--`, the one being written last. */
export const COMPLETE_COMMAND = '__complete';

// What stands before a colon or an equals sign is a word of its own to bash, and must not be repeated.
const BASH = `# longshore: completion for bash
_longshore() {
  local line="\${COMP_LINE:0:COMP_POINT}" word
  local -a words
  IFS=$' \\t\\n' read -r -a words <<< "$line"
  [[ "$line" == *[[:space:]] ]] && words+=('')
  local current="\${words[\${#words[@]}-1]}"
  local kept="\${current%"\${current##*[:=]}"}"
  COMPREPLY=()
  while IFS= read -r word; do
    COMPREPLY+=("\${word#"$kept"}")
  done < <("\${words[0]}" ${COMPLETE_COMMAND} -- "\${words[@]:1}" 2>/dev/null)
  [[ \${#COMPREPLY[@]} -gt 0 ]] || compopt -o default 2>/dev/null
}
complete -F _longshore longshore
`;

const ZSH = `#compdef longshore
# longshore: completion for zsh
_longshore() {
  local -a found
  found=("\${(@f)$("\${words[1]}" ${COMPLETE_COMMAND} -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  found=("\${(@)found:#}")
  if (( \${#found} )); then
    compadd -- "\${(@)found}"
  else
    _files
  fi
}
if [ "\${funcstack[1]}" = "_longshore" ]; then
  _longshore "$@"
else
  compdef _longshore longshore
fi
`;

const FISH = `# longshore: completion for fish
function __longshore_complete
    set -l words (commandline -opc) (commandline -ct)
    $words[1] ${COMPLETE_COMMAND} -- $words[2..-1] 2>/dev/null
end
complete -c longshore -a '(__longshore_complete)'
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

/** What a shell reads to complete commands, options and models. */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell];
}
