"""The locks of PyTorch back ends against the lock that all of them share."""

from collections.abc import Iterable, Mapping

from comfydock_core.models.exceptions import BackendNotLocked, BackendPartRefused
from comfydock_core.models.packages.backends import BackendPart, PartFinding
from comfydock_core.repositories.definition.backend_parts import read_part
from comfydock_core.repositories.definition.pytorch_settings import family_of
from comfydock_core.repositories.definition.uv_lock import read_lock
from comfydock_core.utils.package_names import public_version
from comfydock_core.utils.text import some

Versions = Mapping[str, set[str]]

_SHOWN = 3


def findings_of(part: BackendPart, base: Versions, family: Iterable[str]) -> list[PartFinding]:
    """What is wrong with a part, worst first. `base` are the versions in `uv.lock`."""
    members = {name: versions for name, versions in base.items() if name in set(family)}
    others = base.keys() - members.keys()
    found = [_no_hash(part), _stale(part, members), _duplicate(part, others)]
    return [finding for finding in found if finding is not None]


def why_part_is_of_no_use(definition: str, manifest: dict[str, object], backend: str) -> str | None:
    """Why the lock of a back end cannot be used, `None` when it can. Raises `LockDamaged`, `OSError`."""
    try:
        part = read_part(definition, backend)
    except BackendNotLocked:
        return "it is not locked yet"
    except BackendPartRefused as error:
        return error.message
    findings = findings_of(part, read_lock(f"{definition}/uv.lock").versions(), family_of(manifest))
    return findings[0].message if findings else None


def refuse(part: BackendPart, findings: list[PartFinding]) -> None:
    """Raise `BackendPartRefused` when there is a finding."""
    if findings:
        raise BackendPartRefused(
            f"the lock of PyTorch for {part.backend} cannot be used: {'; '.join(item.message for item in findings)}",
            hint=f"`comfydock backend lock {part.backend}` locks PyTorch for it again",
            context={"backend": part.backend, "findings": [finding.as_dict() for finding in findings]},
        )


def _no_hash(part: BackendPart) -> PartFinding | None:
    names = [name for package in part.packages for name in package.unhashed]
    if not names:
        return None
    return PartFinding(part.backend, "no-hash", f"it has no hash for {some(names, _SHOWN)}")


def _stale(part: BackendPart, members: Versions) -> PartFinding | None:
    has = {name: {public_version(item.version) for item in part.packages if item.name == name} for name in members}
    lacking = sorted(name for name in members if not has[name])
    if lacking:
        return PartFinding(part.backend, "stale", f"it has no {some(lacking, _SHOWN)}, which `uv.lock` has")
    wanted = {name: {public_version(version) for version in versions} for name, versions in members.items()}
    other = sorted(name for name in members if has[name] != wanted[name])
    if part.own_release or not other:
        return None
    here, there = (some([f"{name} {'/'.join(sorted(each[name]))}" for name in other], _SHOWN) for each in (has, wanted))
    return PartFinding(part.backend, "stale", f"it is for {here}, while `uv.lock` has {there}")


def _duplicate(part: BackendPart, others: Iterable[str]) -> PartFinding | None:
    both = sorted(set(others) & {package.name for package in part.packages})
    if not both:
        return None
    return PartFinding(part.backend, "duplicate", f"`uv.lock` has {some(both, _SHOWN)}, too")
