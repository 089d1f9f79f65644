"""Which packages a node pack may bring, and what it asks for as it goes into the manifest."""

from collections.abc import Mapping
from dataclasses import replace

from comfydock_core.analyzers.packages.other_requirements import required_python
from comfydock_core.analyzers.packages.pack_origins import told_origins
from comfydock_core.analyzers.packages.pack_requirements import read_pack_requirements
from comfydock_core.configs.defaults import PROTECTED_PACKAGES, SUBSTITUTES, TWINS
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.models.packs.node_packs import PackRequirement, PackRequirements
from comfydock_core.records import record
from comfydock_core.repositories.definition.pytorch_settings import Table, family_of, substitutes_of
from comfydock_core.utils.package_names import requirement_name
from comfydock_core.validation.requirements import admits_python, renamed_requirement


@record
class PackPolicy:
    """Which packages no pack may bring, and which are taken in place of others, by the manifest's settings."""

    protected: tuple[str, ...]
    substitutes: Mapping[str, str]
    python: str | None = None

    @classmethod
    def of(cls, manifest: Table, backend: str | None = None) -> "PackPolicy":
        """By a manifest, for the back end of a machine: without one no build is taken for another."""
        # PyTorch comes from the back end's lock: no pack may bring a build of its own.
        python = EnvironmentManifest(manifest, "pyproject.toml").python_version
        substitutes = {**SUBSTITUTES, **_builds_for(backend), **substitutes_of(manifest)}
        return cls((*family_of(manifest), *PROTECTED_PACKAGES), substitutes, python)

    def asked_for(self, directory: str, *, lenient: bool = False) -> PackRequirements:
        """What the pack in a directory asks for; `lenient` leaves out lines that no installer accepts.

        Raises `RequirementInvalid`, `OSError`.
        """
        read = read_pack_requirements(directory, protected=self.protected, lenient=lenient)
        taken = [self._taken(one) for one in read.requirements]
        notes = [f"{new.text} is taken for {old.text} ({old.file}:{old.line}), which holds the same files"
                 for old, new in zip(read.requirements, taken, strict=True) if old != new]  # fmt: skip
        notes += self._about_python(directory)
        notes += told_origins(directory, {requirement_name(one.text) or "" for one in read.requirements})
        limits = tuple(self._taken(one) for one in read.constraints)
        return replace(read, requirements=tuple(taken), constraints=limits, notes=(*read.notes, *notes))

    def _about_python(self, directory: str) -> list[str]:
        """A word where the pack says that it is for other Pythons than the environment's; it may work all the same."""
        wanted = required_python(directory)
        if wanted is None or self.python is None or admits_python(wanted, self.python):
            return []
        return [f"pyproject.toml: `requires-python` is `{wanted}`, but the environment has Python {self.python}"]

    def _taken(self, one: PackRequirement) -> PackRequirement:
        other = self.substitutes.get(requirement_name(one.text) or "")
        return one if other is None else replace(one, text=renamed_requirement(one.text, other))


def _builds_for(backend: str | None) -> dict[str, str]:
    """What is taken for builds that are made for other back ends: the build for all."""
    found: dict[str, str] = {}
    for twins in TWINS if backend is not None else ():
        plain = next((name for name, word in twins.items() if not word), None)
        if plain is not None:
            found |= {name: plain for name, word in twins.items() if word and not str(backend).startswith(word)}
    return found


def lines_of(requirements: PackRequirements) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The lines of a pack's dependency group, and what has to be told about them and the files they come from.

    Constraints limit what the pack requires itself; uv knows no others that belong to one pack alone.
    """
    lines = dict.fromkeys(requirement.text for requirement in requirements.requirements)
    names = {requirement_name(line) for line in lines}
    left_out = [f"{one.text} ({one.file}:{one.line}) is left out: {reason}" for one, reason in requirements.left_out]
    notes = [*requirements.notes, *left_out]
    for constraint in requirements.constraints:
        if requirement_name(constraint.text) in names:
            lines[constraint.text] = None
        else:
            notes.append(f"the constraint {constraint.text} ({constraint.file}:{constraint.line}) is not followed")
    return tuple(lines), tuple(notes)
