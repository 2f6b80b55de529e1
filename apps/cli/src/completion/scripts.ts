/** Shells that can be told how to complete. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The hidden command that the scripts ask, with the words of the line behind `--`, the one being written last. */
const COMPLETE_COMMAND = '__complete';

// What stands before a colon or an equals sign is a word of its own to bash, and must not be repeated.
const BASH = `# longshore: completion for bash
_longshore() {
  local line="\${COMP_LINE:0:COMP_POINT}" word
  local -a words
  IFS=$' \\t\\n' read -r -a words <<< "$line"
  [[ "$line" == *[[:space:]] ]] && words+=('')
  local current="\${words[\${#words[@]}-1]}"
  local kept="\${current%"\${current##*[:=]}"}"
  local program="\${words[0]/#\\~\\//$HOME/}"
  COMPREPLY=()
  while IFS= read -r word; do
    COMPREPLY+=("\${word#"$kept"}")
  done < <("$program" ${COMPLETE_COMMAND} -- "\${words[@]:1}" 2>/dev/null)
  [[ \${#COMPREPLY[@]} -gt 0 ]] || compopt -o default 2>/dev/null
}
complete -F _longshore longshore
`;

const ZSH = `#compdef longshore
# longshore: completion for zsh
_longshore() {
  local -a found
  local program=\${~words[1]}
  found=("\${(@f)$("$program" ${COMPLETE_COMMAND} -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
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
    set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
    set -l found
    if type -q $program
        set found ($program ${COMPLETE_COMMAND} -- $words[2..-1] 2>/dev/null)
    end
    if set -q found[1]
        printf '%s\\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c longshore -f -a '(__longshore_complete)'
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

/** What a shell reads to complete commands, options and models. */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell];
}
