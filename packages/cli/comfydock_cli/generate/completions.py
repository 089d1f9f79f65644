"""The completion scripts of the shells. All ask the program itself, so they never grow old."""

BASH = """\
_comfydock() {
    local IFS=$'\\n' answer
    answer=$("$1" __complete bash "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    if [[ $answer == ":files" ]]; then
        compopt -o default
        COMPREPLY=()
    else
        COMPREPLY=($answer)
    fi
}
complete -F _comfydock comfydock cfd
"""

ZSH = """\
#compdef comfydock cfd
_comfydock() {
    local -a lines described
    local line
    lines=("${(@f)$("${words[1]}" __complete zsh "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ "${lines[1]}" == ":files" ]]; then
        _files
        return
    fi
    for line in "${lines[@]}"; do
        [[ -n "$line" ]] || continue
        if [[ "$line" == *$'\\t'* ]]; then
            described+=("${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}")
        else
            described+=("${line//:/\\\\:}")
        fi
    done
    _describe -V 'comfydock' described
}
if [[ "${funcstack[1]}" == _comfydock ]]; then
    _comfydock "$@"
else
    compdef _comfydock comfydock cfd
fi
"""

FISH = """\
function __comfydock_complete
    set -l words (commandline -opc)
    set -l answer ($words[1] __complete fish $words[2..-1] (commandline -ct) 2>/dev/null)
    if test "$answer" = ":files"
        __fish_complete_path (commandline -ct)
    else
        printf '%s\\n' $answer
    end
end
complete -c comfydock -f -a '(__comfydock_complete)'
complete -c cfd -f -a '(__comfydock_complete)'
"""

POWERSHELL = """\
Register-ArgumentCompleter -Native -CommandName comfydock, cfd -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | ForEach-Object { $_.ToString() })
    $program = $words[0]
    $before = @($words | Select-Object -Skip 1)
    if ($wordToComplete -ne '' -and $before.Count -gt 0) {
        $before = @($before | Select-Object -SkipLast 1)
    }
    & $program __complete powershell @before "$wordToComplete" 2>$null | Where-Object { $_ -ne ':files' } |
        ForEach-Object {
            $word, $help = $_ -split "`t", 2
            if (-not $help) { $help = $word }
            [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $help)
        }
}
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH, "powershell": POWERSHELL}
