"""Locking with the versions that are installed, as far as they fit together.

pip installs what does not fit together, so that an installation of some age rarely does as a whole. What uv names as
the reason of a conflict is given up, and the rest is kept.
"""

import re
from collections.abc import Mapping

from comfydock_core.integrations.uv_command import UVCommand
from comfydock_core.managers.pyproject.pytorch import set_release
from comfydock_core.managers.pyproject.rewriting import rewritten
from comfydock_core.managers.uv_project.locking import lock_base
from comfydock_core.managers.uv_project.release import ask_accelerators
from comfydock_core.models.exceptions import RequirementsConflict
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories import install_record
from comfydock_core.repositories.definition.manifest_reader import read_manifest, read_manifest_text
from comfydock_core.repositories.definition.pyproject_document import PyprojectDocument
from comfydock_core.repositories.definition.pytorch_settings import family_of, release_of, uv_settings
from comfydock_core.utils.files import atomic
from comfydock_core.utils.package_names import requirement_name
from comfydock_core.utils.text import some
from comfydock_core.validation.requirements import pin_of

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?", re.ASCII)
_BROKEN = re.compile(r"-\s+")  # uv breaks lines behind hyphens, too.
_SHOWN = 10


def lock_as_installed(uv: UVCommand, definition: str, backend: str, installed: list[str], reporter: Reporter) -> bool:
    """Lock under the pins of `installed`, then without them, which keeps the versions; says which had to be given up.

    The release of PyTorch that is installed is pinned in the manifest. `False` when not even the requirements fit
    together; nothing is locked then. Raises what `lock_base` raises but for that.
    """
    pins = {name: pin for pin in installed if (name := requirement_name(pin)) is not None}
    manifest = read_manifest(f"{definition}/pyproject.toml")
    family = family_of(manifest)
    if not release_of(manifest, family):
        _pin_release(uv, definition, {name: pins[name] for name in family if name in pins}, reporter)
        others = {name: pin for name, pin in pins.items() if name not in family}
        fits = _lock_under(uv, definition, others, reporter) or (
            _unpin_release(definition, reporter) and _lock_under(uv, definition, others, reporter)
        )
    else:
        fits = _lock_under(uv, definition, pins, reporter)
    if fits:
        lock_base(uv, definition, backend, reporter)
    return fits


def pins_of_venv(venv: str | None) -> list[str]:
    """The packages of a virtual environment as pins, builds without the local part of their version."""
    place = install_record.site_packages(venv) if venv else None
    names = install_record.installed_distributions(place) if place else []
    return [pin for name in names if (pin := pin_of(*install_record.split_distribution(name))) is not None]


def _pin_release(uv: UVCommand, definition: str, pins: Mapping[str, str], reporter: Reporter) -> None:
    """Pin the release that is installed, `torch` alone where the others do not belong to it."""
    path = f"{definition}/pyproject.toml"
    for names in (list(pins), [name for name in pins if name == "torch"]):
        release = {name: pins[name].partition("==")[2] for name in names}
        if not release:
            return
        try:
            accelerators = ask_accelerators(uv, read_manifest(path), release, reporter.line)
        except RequirementsConflict:
            continue
        document = PyprojectDocument.load(path)
        set_release(document.document, release, accelerators.names, {})
        document.save()
        return
    reporter.warn(f"the package index has no {' '.join(pins.values())}: another release of PyTorch is taken")


def _lock_under(uv: UVCommand, definition: str, pins: Mapping[str, str], reporter: Reporter) -> bool:
    """Lock under pins, but for those that uv names when they do not fit. Whether it goes."""
    kept, given_up = dict(pins), []
    while True:
        try:
            _lock_with(uv, definition, list(kept.values()), reporter)
        except RequirementsConflict as error:
            named = sorted(named_in(error.message) & kept.keys())
            if not named:
                return False
            given_up += [kept.pop(name) for name in named]
        else:
            _tell(given_up, reporter)
            return True


def _lock_with(uv: UVCommand, definition: str, pins: list[str], reporter: Reporter) -> None:
    path = f"{definition}/pyproject.toml"
    text, manifest = read_manifest_text(path), read_manifest(path)
    own = uv_settings(manifest).get("constraint-dependencies")
    kept = [item for item in own if isinstance(item, str)] if isinstance(own, list) else []
    named = {requirement_name(item) for item in kept}
    more = [pin for pin in pins if requirement_name(pin) not in named]
    uv_settings(manifest)["constraint-dependencies"] = [*kept, *more]
    try:
        atomic.write_text(path, rewritten(text, manifest))
        uv.lock(reporter.line)
    finally:
        atomic.write_text(path, text)


def _unpin_release(definition: str, reporter: Reporter) -> bool:
    """Give the release of PyTorch up. Whether one was pinned."""
    path = f"{definition}/pyproject.toml"
    manifest = read_manifest(path)
    release = release_of(manifest, family_of(manifest))
    if not release:
        return False
    document = PyprojectDocument.load(path)
    set_release(document.document, {}, {}, {})
    document.save()
    shown = ", ".join(f"{name} {version}" for name, version in release.items())
    reporter.warn(f"what is required does not fit {shown}: another release of PyTorch is taken")
    return True


def named_in(explanation: str) -> set[str]:
    """Everything in an explanation of uv that could be the name of a package."""
    words = _NAME.findall(_BROKEN.sub("-", explanation.lower()))
    return {name for word in words if (name := requirement_name(word)) is not None}


def _tell(given_up: list[str], reporter: Reporter) -> None:
    if given_up:
        shown = some([pin.replace("==", " ") for pin in given_up], _SHOWN)
        reporter.warn(f"not all installed versions fit what is required; others are taken instead of {shown}")
