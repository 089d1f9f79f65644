"""What lies below `share/` of an installation: completions, manual pages, the reference."""

import runpy
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


def write_completions(stage: Path, share: Path) -> None:
    """The completion script of every shell, where the shell looks for it, from the staged tree."""
    scripts = runpy.run_path(str(stage / "comfydock_cli/generate/completions.py"))["SCRIPTS"]
    for place, shell in _COMPLETIONS.items():
        path = share / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(scripts[shell], "utf-8")
