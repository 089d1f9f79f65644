"""Wheels that bundles carry, so that Python packages need no index where they are imported."""

from collections.abc import Sequence
from dataclasses import replace

from comfydock_core.analyzers.packages.installed_wheels import installed_wheels, wheels_named
from comfydock_core.configs.environment_layout import BACKENDS, EnvironmentLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.definition.backends import used_backend
from comfydock_core.models.environments.template import Template
from comfydock_core.models.exceptions import ExportRefused
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.sharing import WHEELS, BundleSource, MemberDigest
from comfydock_core.repositories.bundles.reading import BundleFile, damaged
from comfydock_core.repositories.install_record import site_packages
from comfydock_core.utils.faults import fault

_LOCK = "uv.lock"


def find_wheels(
    layout: EnvironmentLayout, services: WorkspaceServices, reporter: Reporter
) -> tuple[list[BundleSource], list[tuple[str, str]]]:
    """Members to be for the packages that are installed here, and the packages without a wheel, with the reasons.

    Nothing is fetched yet. Raises `ExportRefused` when something else is installed than what is locked, what exporting
    a lock raises, `RemoteError`, `OSError`.
    """
    uv_project, backend = services.environment(layout).uv_project, used_backend(layout)
    place = site_packages(layout.venv)
    if place is None or not uv_project.is_installed(backend):
        raise ExportRefused(
            f"`{layout.name}` does not have installed what is locked, so that nobody knows which wheels it needs",
            hint=f"`comfydock sync -e {layout.name}` installs it; or leave `--with-wheels` out",
            context={"environment": layout.name},
        )
    reporter.phase("Looking up the wheels")
    wheels, others = installed_wheels(uv_project.export(backend), place)
    members = {}
    for wheel in wheels:
        size = services.wheels.size(wheel.url) if wheel.size is None else wheel.size
        name = f"{WHEELS}{wheel.name}"
        members[name] = BundleSource(name, MemberDigest(wheel.sha256, size), url=wheel.url)
    return list(members.values()), [(f"{WHEELS}{name}", reason) for name, reason in others]


def fetch_wheels(
    members: Sequence[BundleSource], services: WorkspaceServices, scratch: str, reporter: Reporter
) -> tuple[BundleSource, ...]:
    """The same members with everything on this disk. Raises `HashMismatch`, `RemoteError`, `OSError`."""
    found = []
    for number, member in enumerate(members):
        if member.url is not None:
            place = f"{scratch}/wheel-{number}"
            services.wheels.fetch(member, place, reporter)
            fault("wheel fetched")
            member = replace(member, path=place)
        found.append(member)
    return tuple(found)


def unused_wheels(bundle: BundleFile, template: Template) -> tuple[str, ...]:
    """The wheels of a bundle that no lock in it names. Raises `BundleDamaged` for one that is not what a lock names."""
    carried = sorted(name for name in bundle.digests if name.startswith(WHEELS))
    if not carried:
        return ()
    locks = [text for name, text in template.files.items() if name == _LOCK or name.startswith(f"{BACKENDS}/")]
    named = wheels_named(text.decode("utf-8") for text in locks)
    unused = []
    for name in carried:
        wanted = named.get(name.removeprefix(WHEELS))
        if wanted is None:
            unused.append(name)
        elif bundle.digests[name].sha256 not in wanted:
            raise damaged(bundle.path, f"its `{name}` is not the wheel that its lock names")
    return tuple(unused)
