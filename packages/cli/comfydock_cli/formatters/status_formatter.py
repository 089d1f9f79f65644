"""An environment's state in words: one line a subject, details below it, what to do at the end."""

from comfydock_cli.ui.console import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.models.environment import EnvironmentStatus, VersionDifference

_COMMIT = 40  # Characters; versions are shown whole, whatever their length.
_FILES = 3  # Files named of one node pack.
_MOST = 10  # Names listed under a subject before the rest is only counted.


def status_text(status: "EnvironmentStatus") -> str:
    """The state as `status` prints it."""
    python = f"Python {status.python_version}" if status.python_version else "Python unknown"
    backend = f", PyTorch {status.torch_backend}" if status.torch_backend else ""
    lines = [f"environment {status.name} ({python}{backend})"]
    if not status.complete:
        lines.append("  ! the environment is incomplete: its marker `.cec/.complete` is missing")
    if status.operation_in_progress:
        lines.append("  ! a change is in progress: what follows may mix the states before and after it")
    lines += _comfyui(status) + _definition(status) + _packages(status) + _packs(status) + _models(status)
    lines += _workflows(status) + _patches(status)
    return "\n".join(lines) + "\n"


def _comfyui(status: "EnvironmentStatus") -> list[str]:
    state = status.comfyui
    if not state.present:
        return _line("ComfyUI", "missing: there is no `ComfyUI` directory")
    version, commit = state.version or "unknown version", (state.commit or "")[:10]
    is_commit = commit != "" and version.startswith(commit)  # The name of a commit is not said twice.
    lines = _line("ComfyUI", commit if is_commit else f"{version} at {commit}" if commit else version)
    if state.matches is False:
        lines.append(f"    ~ the manifest wants {(state.manifest_commit or '')[:10]}")
    lines += [f"    > running: {one}" for one in status.running]
    lines += _unknown(state.unknown)
    return lines + _names("~", state.changed or [])


def _definition(status: "EnvironmentStatus") -> list[str]:
    state = status.definition
    if not state.repository:
        return _line("history", "none: `.cec` is not a git repository")
    if state.unknown is not None:
        return [*_line("history", "unknown"), *_unknown(state.unknown)]
    where = f"{state.branch or 'detached'} at {state.head[:10] if state.head else 'no commit yet'}"
    count = len(state.modified) + len(state.untracked)
    lines = _line("history", f"{where}, " + (f"{_count(count, 'uncommitted change')}" if count else "clean"))
    if state.converted:
        lines.append(
            f"    = {_count(len(state.converted), 'file')} converted from ComfyDock 1.x; `comfydock commit` keeps that"
        )
    return lines + _names("~", state.modified) + _names("+", state.untracked)


def _packages(status: "EnvironmentStatus") -> list[str]:
    state = status.packages
    if state.state == "unknown":
        return [*_line("packages", "unknown"), *_unknown(state.unknown)]
    if state.state == "not-installed":
        return _line("packages", "not installed")
    installed = f"{state.installed} installed, " if state.installed is not None else ""
    lines = _line("packages", installed + ("as locked" if state.state == "in-sync" else "not as locked"))
    if state.lock_changed:
        lines.append("    ~ `uv.lock` changed since they were installed")
    if state.backend_changed:
        lines.append("    ~ they were installed for another PyTorch back end")
    if state.python_missing:
        lines.append(f"    ~ their Python is gone; `comfydock repair -e {status.name}` builds them anew")
    if state.contested:
        lines.append(
            f"    ! {_count(len(state.contested), 'file')} came from several packages; `comfydock doctor` names them"
        )
    if state.part_changed:
        lines.append("    ~ the lock of PyTorch changed since they were installed")
    if state.dependencies_changed:
        lines.append("    ~ the manifest's dependencies changed since they were installed")
    lines += _names("-", state.missing) + _names("+", state.extra)
    return lines + _names("~", [_told(change) for change in state.changed])


def _packs(status: "EnvironmentStatus") -> list[str]:
    state = status.packs
    if state.unknown is not None:
        return [*_line("node packs", "unknown"), *_unknown(state.unknown)]
    parts = [_count(len(state.present), "pack")]
    if state.missing:
        parts.append(f"{len(state.missing)} missing")
    if state.changed:
        parts.append(f"{len(state.changed)} at another version")
    if state.changed_files:
        parts.append(f"{len(state.changed_files)} with changed files")
    if state.untracked:
        parts.append(f"{len(state.untracked)} not in the manifest")
    if state.failed:
        parts.append(f"{len(state.failed)} not imported at ComfyUI's last start")
    lines = _line("node packs", ", ".join(parts) if len(parts) > 1 or state.present else "none")
    lines += _names("-", state.missing) + _names("+", state.untracked)
    lines += _names("!", state.failed)
    lines += _names("~", [_told(change) for change in state.changed])
    return lines + _names("~", [f"{name}: {_some(files)}" for name, files in state.changed_files.items()])


def _models(status: "EnvironmentStatus") -> list[str]:
    link = status.models_link
    told = {
        "linked": link.target or "linked",
        "missing": "not linked",
        "elsewhere": f"linked to {link.target}, not to {link.expected}",
        "dangling": f"linked to {link.target}, which does not exist",
        "directory": "a directory of its own, not the shared one",
        "not-configured": "no models directory is configured",
    }
    lines = _line("models", told.get(link.state, link.state))
    lines += _names("!", [f"{path} cannot be read" for path in link.unreadable])
    return lines + _names("!", [f"{path}, which ComfyUI was given, is not there" for path in link.absent])


def _workflows(status: "EnvironmentStatus") -> list[str]:
    """Nothing where there are none."""
    found = status.workflows
    if found is None:
        return []
    if found.unknown is not None:
        return [*_line("workflows", "unknown"), *_unknown(found.unknown)]
    needing = found.checked_as("needs")
    parts = [(len(found.in_state(state)), state) for state in ("changed", "new", "deleted")]
    parts.append((len(needing), "need something" if len(needing) != 1 else "needs something"))
    parts.append((len(found.checked_as("not-checked")), "not checked"))
    text = ", ".join([str(len(found.live)), *(f"{number} {words}" for number, words in parts if number)])
    if needing or parts[-1][0]:
        text += f" (`comfydock workflow check --all -e {status.name}`)"
    lines = _line("workflows", text)
    lines += _names("-", [clean(one.name) for one in found.in_state("deleted")])
    lines += _names("~", [clean(one.name) for one in found.in_state("changed")])
    return lines + _names("!", [f"{clean(one.name)} needs {_count(one.things, 'thing')}" for one in needing])


def _patches(status: "EnvironmentStatus") -> list[str]:
    """Nothing where the definition holds none."""
    found = status.patches
    if found is None:
        return []
    parts = [f"{len(found.applied)} applied"] if found.applied else []
    if found.missing:
        parts.append(f"{len(found.missing)} not applied (`comfydock sync -e {status.name}`)")
    if found.unusable:
        parts.append(f"{len(found.unusable)} of no use")
    lines = _line("patches", ", ".join(parts)) if parts else []
    lines += _names("=", [f"{what}: {_some(files)}" for what, files in found.applied.items()])
    return lines + _names("-", found.missing) + _names("!", found.unusable)


def _told(change: "VersionDifference") -> str:
    expected, found = (text[:10] if len(text) >= _COMMIT else text for text in (change.expected, change.found))
    return f"{change.name} {expected} → {found}"


def _line(subject: str, text: str) -> list[str]:
    return [f"  {subject:<10}  {text}"]


def _names(sign: str, names: list[str]) -> list[str]:
    lines = [f"    {sign} {name}" for name in names[:_MOST]]
    return [*lines, f"    {sign} {len(names) - _MOST} more"] if len(names) > _MOST else lines


def _some(files: list[str]) -> str:
    more = f" and {len(files) - _FILES} more" if len(files) > _FILES else ""
    return ", ".join(files[:_FILES]) + more


def _unknown(reason: str | None) -> list[str]:
    return [] if reason is None else [f"    ? {reason}"]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
