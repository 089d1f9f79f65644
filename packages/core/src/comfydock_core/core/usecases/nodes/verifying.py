"""Whether node packs can be imported: ComfyUI is started once, away from the live environment, and says so itself."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence

from comfydock_core.analyzers.import_report import parse_import_report
from comfydock_core.analyzers.packages.virtual_environment import venv_python
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.usecases.running.running import comfyui_command
from comfydock_core.integrations import process
from comfydock_core.integrations.process import Completed
from comfydock_core.models.exceptions import ComfyUIEnded, PackNotFound, PacksNotImported
from comfydock_core.models.packs.imports import ImportReport, PackImport
from comfydock_core.models.packs.pack_changes import PackChange
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.shared import DISABLED
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.definition.tracked_packs import find_pack, tracked_packs
from comfydock_core.utils.child_environment import child_environment, without_python_settings
from comfydock_core.utils.files.disk_errors import disk_errors

# ComfyUI loads everything as for a real start with it, and ends.
_QUICK_TEST = "--quick-test-for-ci"
# Whatever is written there is of one start, or of the user's running ComfyUI, which must not be disturbed.
_OWN_DIRECTORIES = ("custom_nodes", "input", "output", "temp", "user")
_LINES_SHOWN = 15


def verify_packs(layout: EnvironmentLayout, names: Sequence[str], reporter: Reporter) -> ImportReport:
    """What ComfyUI says of the packs that are there, or of those that are named: as in the manifest, or by directory.

    Nothing of the environment is changed, but the packs' own code runs. Raises `PackNotFound` before anything is
    started, `ManifestDamaged`, `ComfyUIEnded`, `EnvironmentBroken`.
    """
    wanted = _directories(layout, names)
    with disk_errors("verify the node packs"), tempfile.TemporaryDirectory(prefix="comfydock-verify-") as aside:
        report = start_once(layout, layout.venv, _present(layout), aside, reporter)
    return ImportReport(report.of(wanted)) if names else report


def _directories(layout: EnvironmentLayout, names: Sequence[str]) -> list[str]:
    """Where the named packs lie among the custom nodes. Raises `PackNotFound`, `ManifestDamaged`."""
    if not names:
        return []
    tracked, present = tracked_packs(read_manifest(layout.manifest), layout.manifest), _present(layout)
    found = []
    for name in names:
        pack = None if name in present else find_pack(tracked, name)
        found.append(name if pack is None else pack.directory)
        if found[-1] not in present:
            raise PackNotFound(
                f"`{name}` is not among the custom nodes, or it is disabled: ComfyUI would not import it",
                hint="`comfydock node list` shows the node packs and their states",
                context={"pack": name},
            )
    return found


def refuse_failing(
    layout: EnvironmentLayout,
    venv: str,
    changes: Sequence[PackChange],
    built: Mapping[str, str],
    aside: str,
    reporter: Reporter,
) -> None:
    """Raise `PacksNotImported` unless every changed pack can be imported together with the others.

    `venv` is the virtual environment as it will be, `built` the new directories of packs by name. A pack that fails
    and is not changed is only warned of: it may have failed before.
    """
    places = _present(layout)
    for change in changes:
        for pack in (change.before, change.after):
            if pack is not None:
                places.pop(pack.directory, None)
        after = change.after
        if after is not None and after.enabled:
            lying = f"{layout.custom_nodes}/{change.moved_from or after.directory}"
            places[after.directory] = built.get(after.directory, lying)
    report = start_once(layout, venv, places, aside, reporter)
    changed = {change.after.directory for change in changes if change.after is not None}
    for other in report.failed:
        if other.name not in changed:
            reporter.warn(f"{other.name} cannot be imported{_because(other)}")
    failing = [one for one in report.failed if one.name in changed]
    if failing:
        raise PacksNotImported(
            "; ".join(f"`{one.name}` cannot be imported{_because(one)}" for one in failing),
            hint="nothing was changed; without `--verify` the change is made all the same",
            context={"packs": [{"name": one.name, "error": one.error} for one in failing]},
        )


def start_once(
    layout: EnvironmentLayout, venv: str, places: Mapping[str, str], aside: str, reporter: Reporter
) -> ImportReport:
    """Start ComfyUI with the packs at `places`, by name, in the empty directory `aside`. Raises `ComfyUIEnded`."""
    command = [venv_python(venv), *comfyui_command(layout, [_QUICK_TEST])[1:]]
    reporter.phase("Starting ComfyUI once to import the node packs")
    with _double(layout.comfyui, places, aside) as directory:
        variables, _ = without_python_settings(child_environment())
        variables["PYTHONDONTWRITEBYTECODE"] = "1"
        done = process.stream(command, cwd=directory, env=variables, on_line=reporter.line)
    nothing = None if places else ImportReport(())  # ComfyUI does not report on no packs.
    report = parse_import_report(done.output.splitlines()) or nothing
    if done.returncode == 0 and report is not None:
        return report
    raise _no_report(done)


@contextlib.contextmanager
def _double(comfyui: str, places: Mapping[str, str], aside: str) -> Iterator[str]:
    """What looks like ComfyUI while inside: its files copied, as Python looks beside them for others; links else."""
    directory = f"{aside}/ComfyUI"
    os.makedirs(directory)
    for entry in os.scandir(comfyui):
        if entry.name in _OWN_DIRECTORIES or entry.name == ".git":
            continue
        if entry.is_dir():
            os.symlink(os.path.realpath(entry.path), f"{directory}/{entry.name}", target_is_directory=True)
        elif entry.is_file():
            shutil.copy2(entry.path, f"{directory}/{entry.name}")
    for name in _OWN_DIRECTORIES:
        os.mkdir(f"{directory}/{name}")
    for name, place in places.items():
        os.symlink(
            os.path.realpath(place), f"{directory}/custom_nodes/{name}", target_is_directory=os.path.isdir(place)
        )
    yield directory


def _present(layout: EnvironmentLayout) -> dict[str, str]:
    """Everything among the custom nodes that ComfyUI imports: directories and modules, unless they are turned off."""
    try:
        names = os.listdir(layout.custom_nodes)
    except FileNotFoundError:
        return {}
    places = {name: f"{layout.custom_nodes}/{name}" for name in names if name != "__pycache__"}
    return {
        name: place
        for name, place in places.items()
        if not name.endswith(DISABLED) and (name.endswith(".py") or os.path.isdir(place))
    }


def _because(pack: PackImport) -> str:
    return f": {pack.error}" if pack.error else ", and ComfyUI gives no reason"


def _no_report(done: Completed) -> ComfyUIEnded:
    last = "\n".join(done.output.splitlines()[-_LINES_SHOWN:])
    what = "reported its imports in an unknown form" if done.returncode == 0 else "did not get that far"
    return ComfyUIEnded(
        f"ComfyUI was started to import the node packs and {what} ({done.ending('it')})\n{last}".rstrip(),
        hint="`comfydock run -- --quick-test-for-ci` shows all of its output",
        context={"exit_code": done.returncode},
    )
