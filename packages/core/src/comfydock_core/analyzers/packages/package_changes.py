"""Which packages differ: between two virtual environments, by the names of what is installed, or two locks."""

from collections.abc import Mapping

from comfydock_core.models.packages.syncing import PackageChanges
from comfydock_core.repositories import install_record
from comfydock_core.utils.package_names import normal_name


def package_changes(before: str, after: str) -> PackageChanges:
    """What was added, removed and replaced. What is not there has nothing installed. Raises `OSError`."""
    return changed_versions(_installed(before), _installed(after))


def changed_versions(old: Mapping[str, str], new: Mapping[str, str]) -> PackageChanges:
    """The same for versions by name."""
    return PackageChanges(
        added=tuple(f"{name} {new[name]}" for name in sorted(new.keys() - old.keys())),
        removed=tuple(f"{name} {old[name]}" for name in sorted(old.keys() - new.keys())),
        changed=tuple(
            (name, old[name], new[name]) for name in sorted(old.keys() & new.keys()) if old[name] != new[name]
        ),
    )


def _installed(venv: str) -> dict[str, str]:
    place = install_record.site_packages(venv)
    names = install_record.installed_distributions(place) if place is not None else []
    versions = map(install_record.split_distribution, names)
    # Locks write names in their normal form, distributions each in its own.
    return {normal_name(name): version for name, version in versions}
