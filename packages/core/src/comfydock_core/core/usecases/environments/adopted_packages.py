"""What becomes of the Python packages of an installation: asked for, the user's own, or left out with a reason."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from comfydock_core.analyzers.installation.needs import Needs, needs_among
from comfydock_core.analyzers.packages.requirement_files import named_requirements
from comfydock_core.configs.defaults import TORCH_PACKAGES
from comfydock_core.models.environments.adoption import LEFT_OUT, OWN, REQUIRED, PackageFate, PackFate
from comfydock_core.models.environments.installation import FoundDistribution, Installation
from comfydock_core.repositories import install_record
from comfydock_core.strategies.pack_policy import PackPolicy
from comfydock_core.utils.package_names import normal_name, public_version, requirement_name
from comfydock_core.utils.text import some
from comfydock_core.validation.requirements import demanded, pin_of

OF_PYTORCH = "it belongs to a build of PyTorch, and each build brings its own"
TOOLS = frozenset({"pip", "setuptools", "wheel", "uv", "distribute"})
_SHOWN = 10
_OF_PYTORCH = re.compile(r"nvidia-.+|(pytorch-)?triton(-rocm|-xpu)?")


def package_fates(
    found: Installation, packs: Iterable[PackFate], name: str, python: str, backend: str
) -> tuple[PackageFate, ...]:
    """What is to become of each package that is installed, by what its metadata and files tell; nothing is resolved.

    What nothing asks for was installed by hand: it becomes a requirement of the user's own, unless no index can have
    it. `name` is what the environment is to be called. Raises `OSError`.
    """
    distributions = found.python.distributions if found.python is not None else ()
    policy = PackPolicy.of({})
    lines = [text for _, text in named_requirements(f"{found.comfyui}/requirements.txt")]
    lines += [line for fate in packs if fate.pack is not None for line in fate.pack.requirements]
    asked_for = [demand for line in lines if (demand := demanded(line, (), python)) is not None]
    needs = needs_among(distributions, asked_for, python)
    judge = _Judge(needs, policy, {name for name, _ in asked_for}, name, backend)
    several = _grouped(distributions)
    fates = {key: judge.fate(key, ones) for key, ones in several.items()}
    return tuple(sorted(judge.settled(fates, several), key=lambda fate: normal_name(fate.name)))


def pins_of(found: Installation) -> list[str]:
    """What is installed from an index, as pins without the local part of versions; nothing that is there twice.

    What another package is taken for lends it its version: both are made from one source.
    """
    distributions = found.python.distributions if found.python is not None else ()
    unclear = {normal_name(each.name) for each in found.unidentified}
    known = {normal_name(one.name): one.version for one in distributions
             if one.origin is None and normal_name(one.name) not in unclear}  # fmt: skip
    for old, new in PackPolicy.of({}).substitutes.items():
        if old in known:
            known.setdefault(new, known[old])
    return [pin for name, version in known.items() if (pin := pin_of(name, version)) is not None]


def notes_about_packages(fates: Iterable[PackageFate]) -> list[str]:
    """A line for each of the first packages that are left out, and what else is not as it was."""
    fates = list(fates)
    left_out = [fate for fate in fates if fate.fate == LEFT_OUT]
    notes = [f"left out: {fate.name} {fate.version}: {_why(fate)}" for fate in left_out[:_SHOWN]]
    more = [fate.name for fate in left_out[_SHOWN:]]
    if more:
        notes.append(f"left out, too, with the reasons in `--json`: {some(more, _SHOWN)}")
    others = [f"{fate.name} {fate.version}: {fate.reason}" for fate in fates if fate.fate != LEFT_OUT and fate.reason]
    if others:
        notes.append(f"not as it was: {some(others, _SHOWN, '; ')}")
    return notes


def _why(fate: PackageFate) -> str:
    return f"{fate.reason}; {fate.advice} takes it in" if fate.advice is not None else f"{fate.reason}"


def refused_package(fate: PackageFate, refused: Mapping[str, str], name: str) -> PackageFate:
    """The fate of a package whose requirement may be among those that could not be had, by their names."""
    asked = requirement_name(fate.requirement) if fate.requirement is not None else None
    if asked is None or asked not in refused:
        return fate
    advice = None if refused[asked] == OF_PYTORCH else _add(name, fate.name)
    return replace(fate, fate=LEFT_OUT, requirement=None, reason=refused[asked], advice=advice)


def settled_packages(fates: Iterable[PackageFate], venv: str, name: str) -> tuple[PackageFate, ...]:
    """The same fates after everything was installed: with the versions that are there now. Raises `OSError`."""
    place = install_record.site_packages(venv)
    names = install_record.installed_distributions(place) if place is not None else []
    there = {normal_name(one): version for one, version in map(install_record.split_distribution, names)}
    return tuple(_settled(fate, there, name) for fate in fates)


def _settled(fate: PackageFate, there: Mapping[str, str], name: str) -> PackageFate:
    key = requirement_name(fate.requirement) if fate.requirement is not None else normal_name(fate.name)
    now = there.get(key or "")
    if now is not None:
        # What was to be left out may be what something else requires in its newer version.
        kept = OWN if fate.requirement is not None else REQUIRED
        reason = None if fate.fate == LEFT_OUT else fate.reason
        if public_version(now) != public_version(fate.version):
            reason = f"{reason}; {now} is taken instead" if reason else f"{now} is taken instead"
        return replace(fate, fate=kept, now=now, reason=reason, advice=None)
    if fate.fate == LEFT_OUT:
        return fate
    other = PackPolicy.of({}).substitutes.get(normal_name(fate.name))
    if other is not None and other in there:
        return replace(fate, fate=LEFT_OUT, requirement=None, reason=_same_files(other), advice=None)
    reason = "nothing that is taken over asks for it on this machine"
    return replace(fate, fate=LEFT_OUT, requirement=None, reason=reason, advice=_add(name, fate.name))


class _Judge:
    """Says what is to become of single packages."""

    def __init__(self, needs: Needs, policy: PackPolicy, asked: Collection[str], name: str, backend: str) -> None:
        self._needs = needs
        self._policy = policy
        self._asked = asked
        self._name = name
        self._backend = backend
        # The members of each family of packages that hold the same files, of those that somebody installed by hand.
        self._taken: dict[str, str] = {}

    def fate(self, key: str, ones: list[FoundDistribution]) -> PackageFate:
        first = ones[0]
        fate = PackageFate(first.name, ", ".join(sorted({one.version for one in ones})), LEFT_OUT)
        if self._backend == "none" and (key in TORCH_PACKAGES or belongs_to_pytorch(key)):
            return replace(fate, reason="the environment is made without PyTorch")
        if key in self._needs.asked:
            came = f"it came from {first.origin}, and the index's is taken" if first.origin is not None else None
            return replace(fate, fate=REQUIRED, reason=came)
        if key in TOOLS:
            return replace(fate, reason="it belongs to the tools that install packages", advice=self._advice(first))
        if belongs_to_pytorch(key):
            return replace(fate, reason=OF_PYTORCH)
        if key in self._needs.below:
            return replace(fate, fate=REQUIRED)
        return self._by_hand(fate, key, ones)

    def _by_hand(self, fate: PackageFate, key: str, ones: list[FoundDistribution]) -> PackageFate:
        first = ones[0]
        pin = pin_of(first.name, first.version)
        other = self._policy.substitutes.get(key)
        if other is not None and other in self._asked:
            return replace(fate, reason=_same_files(other))
        if first.origin is not None:
            where = "a project on this machine" if first.editable else first.origin
            return replace(fate, reason=f"it came from {where}, and not from an index", advice=self._advice(first))
        if len({one.version for one in ones}) > 1:
            return replace(fate, reason="it is there in several versions", advice=self._advice(first))
        if pin is None:
            return replace(fate, reason="no index has such a version", advice=self._advice(first))
        if key in TORCH_PACKAGES:
            return replace(fate, fate=OWN, requirement=key)
        return replace(fate, fate=OWN, requirement=pin.replace("==", ">="))

    def settled(
        self, fates: Mapping[str, PackageFate], several: Mapping[str, list[FoundDistribution]]
    ) -> Iterator[PackageFate]:
        """Of packages with the same files one alone, and none of what only something left out asks for."""
        family = self._families(fates)
        for key, fate in fates.items():
            top = self._needs.below.get(key)
            if fate.fate == REQUIRED and top is not None and fates[top].fate == LEFT_OUT:
                reason = f"only {fates[top].name} asks for it, which is left out"
                yield replace(fate, fate=LEFT_OUT, reason=reason, advice=self._advice(several[key][0]))
            elif key in family:
                yield family[key]
            else:
                yield fate

    def _families(self, fates: Mapping[str, PackageFate]) -> dict[str, PackageFate]:
        """Where several with the same files were installed by hand: one is taken for all."""
        members: dict[str, list[str]] = {}
        for key, fate in fates.items():
            if fate.fate == OWN:
                members.setdefault(self._policy.substitutes.get(key, key), []).append(key)
        changed: dict[str, PackageFate] = {}
        for other, keys in members.items():
            if len(keys) > 1 or other in self._asked:
                rest = [key for key in keys if key != other]
                if other not in fates:  # None of them is the one to take: its requirement is that of the first.
                    lender = fates[rest[0]]
                    requirement = f"{other}>={public_version(lender.version)}"
                    changed[rest[0]] = replace(lender, requirement=requirement, reason=_same_files(other))
                    rest = rest[1:]
                changed.update({key: replace(fates[key], fate=LEFT_OUT, requirement=None, reason=_same_files(other))
                                for key in rest})  # fmt: skip
        return changed

    def _advice(self, one: FoundDistribution) -> str:
        """The command that takes it in all the same."""
        if one.origin is None:
            return _add(self._name, one.name)
        path = one.origin.removeprefix("file://") if one.origin.startswith("file://") else None
        if path is not None:
            return f"`comfydock -e {self._name} py add {'--editable ' if one.editable else ''}'{path}'`"
        return f"`comfydock -e {self._name} py add '{one.name} @ {one.origin}'`"


def _grouped(distributions: Iterable[FoundDistribution]) -> dict[str, list[FoundDistribution]]:
    several: dict[str, list[FoundDistribution]] = {}
    for one in distributions:
        several.setdefault(normal_name(one.name), []).append(one)
    return several


def belongs_to_pytorch(key: str) -> bool:
    """Whether a package, by its normal name, is what a build of PyTorch is made of."""
    return _OF_PYTORCH.fullmatch(key) is not None


def _same_files(other: str) -> str:
    return f"{other} is taken for it, which holds the same files"


def _add(name: str, package: str) -> str:
    return f"`comfydock -e {name} py add {package}`"
