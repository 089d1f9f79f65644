"""What lies below `share/` of an installation: completions, manual pages, the reference."""

from pathlib import Path

# Where each shell looks below a prefix, and which script it is. Bash and fish load by the name of the command.
_COMPLETIONS = {
    "bash-completion/completions/comfydock": "bash",
    "bash-completion/completions/cfd": "bash",
    "zsh/site-functions/_comfydock": "zsh",
    "fish/vendor_completions.d/comfydock.fish": "fish",
    "fish/vendor_completions.d/cfd.fish": "fish",
    "comfydock/completion.ps1": "powershell",
}


def write_completions(share: Path) -> None:
    """The completion script of every shell, where the shell looks for it."""
    from comfydock_cli.generate.completions import SCRIPTS

    for place, shell in _COMPLETIONS.items():
        path = share / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SCRIPTS[shell], "utf-8")
