"""Where each shell's completion is turned on, and the marked block that does it."""

import os
from pathlib import Path

from comfydock_cli.generate.completions import SCRIPTS
from comfydock_core.utils.files import atomic

_BEGIN = "# >>> comfydock completion >>>"
_END = "# <<< comfydock completion <<<"


class Place:
    """What turning completion on means for one shell: scripts to write, and perhaps a start-up file to add to."""

    def __init__(self, shell: str) -> None:
        self.shell = shell
        self.scripts = _script_files(shell)
        self.startup_file = _startup_file(shell)

    def installed(self) -> bool:
        block = self.startup_file is None or _BEGIN in _read(self.startup_file)
        return block and all(script.is_file() for script in self.scripts)

    def install(self) -> list[str]:
        """Write what is not there yet; the paths that changed. Raises `OSError`."""
        changed = [script for script in self.scripts if _put(script, SCRIPTS[self.shell])]
        if self.startup_file is not None:
            text = _without_block(_read(self.startup_file))
            if _put(self.startup_file, text + self._block(text)):
                changed.append(self.startup_file)
        return [str(path) for path in changed]

    def uninstall(self) -> list[str]:
        """Remove exactly what `install` wrote; the paths that changed. Raises `OSError`."""
        changed = []
        if self.startup_file is not None and _BEGIN in (text := _read(self.startup_file)):
            _put(self.startup_file, _without_block(text))
            changed.append(self.startup_file)
        for script in self.scripts:
            if script.is_file():
                script.unlink()
                changed.append(script)
        return [str(path) for path in changed]

    def _block(self, before: str) -> str:
        script = str(self.scripts[0])
        lines = {
            "bash": [f'source "{script}"'],
            "zsh": ["(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }", f'source "{script}"'],
            "powershell": [f'. "{script}"'],
        }[self.shell]
        separator = "" if not before or before.endswith("\n") else "\n"
        return separator + "\n".join([_BEGIN, *lines, _END]) + "\n"


def _script_files(shell: str) -> list[Path]:
    if shell == "fish":
        # Fish loads these by the name of the command, so the alias has a file of its own.
        directory = _config_home() / "fish" / "completions"
        return [directory / "comfydock.fish", directory / "cfd.fish"]
    suffix = "ps1" if shell == "powershell" else shell
    return [_data_home() / "comfydock" / f"completion.{suffix}"]


def _startup_file(shell: str) -> Path | None:
    if shell == "bash":
        return Path.home() / ".bashrc"
    if shell == "zsh":
        return Path(os.environ.get("ZDOTDIR") or Path.home()) / ".zshrc"
    if shell == "powershell":
        return _config_home() / "powershell" / "profile.ps1"
    return None


def _config_home() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")


def _data_home() -> Path:
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return ""


def _put(path: Path, text: str) -> bool:
    """Write the text, unless the file says it already. A link (dot files often are) stays one."""
    if path.is_file() and _read(path) == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic.write_text(os.path.realpath(path), text)
    return True


def _without_block(text: str) -> str:
    start = text.find(_BEGIN)
    end = text.find(_END, start)
    if start < 0 or end < 0:
        return text
    return text[:start] + text[end + len(_END) :].removeprefix("\n")
