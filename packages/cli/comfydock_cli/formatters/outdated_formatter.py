"""What has newer versions, in words."""

from collections.abc import Iterator, Sequence

from comfydock_cli.cli_utils import Result
from comfydock_cli.formatters.sync_formatter import package_data, package_lines
from comfydock_core.models.packages.outdated import NewerComfyUI, NewerPack, Outdated
from comfydock_core.utils.text import counted

_SHORT = 10
_SHOWN = 10
_NOTHING_LOOKED_UP = 5
_HEADINGS = {"comfyui": "ComfyUI", "packages": "Python packages", "pytorch": "PyTorch"}


def shown(found: Outdated) -> Result:
    """A line for each thing with a newer version. Exit code 5 says that nothing could be looked up."""
    lines = [*_comfyui(found.comfyui), *_packs(found.packs), *_packages(found)]
    failed = [f"! {_HEADINGS.get(one.subject, one.subject)}: {one.message}" for one in found.failures]
    if not lines and not failed:
        lines = [f"{found.name} is up to date"]
    code = _NOTHING_LOOKED_UP if found.failures and not found.looked_up else 0
    note = "\n".join([*found.notes, *failed])
    return Result(_data(found), "".join(f"{line}\n" for line in lines), exit_code=code, note=note)


def _comfyui(one: NewerComfyUI | None) -> Iterator[str]:
    if one is None:
        return
    same = one.version == one.latest  # The head of a branch.
    old, new = (one.commit[:_SHORT], one.latest_commit[:_SHORT]) if same else (one.version[:_SHORT], one.latest)
    yield f"ComfyUI {f'{one.latest} ' if same else ''}{old} → {new}"
    yield from _commits(one.commits)


def _packs(packs: Sequence[NewerPack]) -> Iterator[str]:
    if packs:
        yield "node packs"
    for one in packs:
        old, new = (_cut(version) for version in (one.version, one.latest))
        between = [version for version in one.versions if version != one.latest]
        more = f" (between: {', '.join(between[:_SHOWN])})" if between else ""
        yield f"  ~ {one.identifier} {old} → {new}{more}"
        yield from _commits(one.commits)


def _cut(version: str) -> str:
    return version[:_SHORT] if len(version) == 40 else version


def _packages(found: Outdated) -> Iterator[str]:
    lines = package_lines(found.packages)
    if lines:
        yield "Python packages"
        yield from (line.removeprefix("  ") for line in lines)
    if found.release:
        yield "PyTorch, whose release stays until another one is chosen"
        yield from (f"  ~ {name} {old} → {new}" for name, (old, new) in found.release.items())


def _commits(commits: Sequence[str]) -> Iterator[str]:
    yield from (f"      {commit}" for commit in commits[:_SHOWN])
    if len(commits) > _SHOWN:
        yield f"      and {counted(len(commits) - _SHOWN, 'earlier commit')}"


def _data(found: Outdated) -> dict[str, object]:
    comfyui = found.comfyui
    return {
        "name": found.name,
        "comfyui": None if comfyui is None else {
            "version": comfyui.version,
            "commit": comfyui.commit,
            "latest": comfyui.latest,
            "latest_commit": comfyui.latest_commit,
            "commits": list(comfyui.commits),
        },
        "packs": [
            {
                "pack": one.identifier,
                "source": one.source,
                "version": one.version,
                "latest": one.latest,
                "versions": list(one.versions),
                "commits": list(one.commits),
            }
            for one in found.packs
        ],
        "packages": package_data(found.packages),
        "release": [{"name": name, "before": old, "after": new} for name, (old, new) in found.release.items()],
        "looked_up": found.looked_up,
        "failures": [
            {"subject": one.subject, "code": one.code, "message": one.message, "hint": one.hint}
            for one in found.failures
        ],
        "notes": list(found.notes),
    }  # fmt: skip
