"""What lies below `share/` of an installation: completions, manual pages, the reference."""

import runpy
import shutil
import tempfile
from pathlib import Path

from build.documentation.making import make_documentation
from build.paths import Layout

# Where each shell looks below a prefix, and which script it is. Bash and fish load by the name of the command.
_COMPLETIONS = {
    "bash-completion/completions/comfydock": "bash",
    "bash-completion/completions/cfd": "bash",
    "zsh/site-functions/_comfydock": "zsh",
    "fish/vendor_completions.d/comfydock.fish": "fish",
    "fish/vendor_completions.d/cfd.fish": "fish",
    "comfydock/completion.ps1": "powershell",
}


def write_share(layout: Layout, share: Path) -> None:
    """Everything. Raises `DocumentationError`, `StageError`."""
    write_completions(layout.stage, share)
    with tempfile.TemporaryDirectory() as made:
        make_documentation(layout, Path(made))
        for pages in sorted(Path(made, "man").iterdir()):
            shutil.copytree(pages, share / "man" / pages.name)
        (share / "doc/comfydock").mkdir(parents=True)
        for name in ("reference.md", "reference.html"):
            shutil.copyfile(Path(made, name), share / "doc/comfydock" / name)


def write_completions(stage: Path, share: Path) -> None:
    """The completion script of every shell, where the shell looks for it, from the staged tree."""
    scripts = runpy.run_path(str(stage / "comfydock_cli/generate/completions.py"))["SCRIPTS"]
    for place, shell in _COMPLETIONS.items():
        path = share / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(scripts[shell], "utf-8")
