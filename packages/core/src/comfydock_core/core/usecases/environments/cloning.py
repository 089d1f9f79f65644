"""A second environment from a first, in seconds: what can be shared is linked, the rest is copied."""

import os
import shutil

from comfydock_core.analyzers.packages.expected_packages import needs_part
from comfydock_core.analyzers.packages.installed_packages import is_installed
from comfydock_core.analyzers.packages.virtual_environment import quick_check
from comfydock_core.configs.environment_layout import EnvironmentLayout, part_path
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core import finding
from comfydock_core.core.naming import check_name
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.choosing import swap_of_settings
from comfydock_core.core.usecases.definition.backends import chosen_backend
from comfydock_core.core.usecases.definition.staging import stage_venv
from comfydock_core.core.usecases.definition.venv_choice import wanted_python
from comfydock_core.core.usecases.environments.new_environment import refuse_taken, staged_environment
from comfydock_core.integrations.git import changes, queries
from comfydock_core.integrations.system_detector import detect_backend
from comfydock_core.managers.model_symlink_manager import is_placeholder, put_stock_files
from comfydock_core.models.environments.cloning import CloningPlan
from comfydock_core.models.exceptions import BackendNotLocked
from comfydock_core.models.operation import Initiator
from comfydock_core.models.plan import PlanStep
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.definition.pytorch_settings import is_neutral
from comfydock_core.services.transaction import make_plan
from comfydock_core.services.transaction.planning import swap
from comfydock_core.utils import native
from comfydock_core.utils.files import atomic
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.filesystem import measure_tree, remove_tree
from comfydock_core.utils.files.tree_copy import Doubles

# What belongs to the runs of one environment. What git tracks of them is put there nevertheless.
_LEFT_OUT = ("output", "temp", "models")


def plan_cloning(
    layout: WorkspaceLayout, services: WorkspaceServices, source: str, name: str, *, activate: bool
) -> CloningPlan:
    """What a clone takes.

    Raises `EnvironmentNotFound`, `InvalidName`, `EnvironmentExists`, `ManifestDamaged`, `LockOutdated`.
    """
    original = finding.find_environment(layout, source)
    check_name(name)
    place = layout.environment(name)
    refuse_taken(place)
    with disk_errors(f"look at the environment {source}"):
        manifest = read_manifest(original.manifest)
        chosen = chosen_backend(original.definition, manifest)
        backend = detect_backend() if chosen in (None, "auto") else chosen
        venv = _judge_venv(original, backend)
        if venv == "fresh":
            _refuse_unlocked(original, manifest, backend)
            services.environment(original).uv_project.refuse_outdated()
        python = wanted_python(original)
        shared = "its files are shared" if venv == "link" else f"Python {python}, from the lock"
        work = [
            PlanStep("copy", f"{place.root}/ComfyUI", "with node packs, workflows and settings; without outputs", True),
            PlanStep("copy", f"{place.root}/.cec", "with its history", True),
            PlanStep("install" if venv == "fresh" else "link", f"{place.root}/.venv", shared, True),
        ]
        steps = [swap(layout.environments, name, has_new=True)]
        if activate:
            steps.append(swap_of_settings(layout, name))
        inputs = [f"{original.definition}/{file}" for file in ("pyproject.toml", "uv.lock")]
        change = make_plan(
            layout.environments,
            "clone",
            steps,
            work=work,
            inputs=inputs,
            holds=[original.root],
            fetch_bytes=0 if venv == "link" else None,
            disk_needed=_size(original) if venv == "link" else None,
        )
    return CloningPlan(source, name, place.root, backend, python, venv, activate, change)


def _refuse_unlocked(original: EnvironmentLayout, manifest: dict[str, object], backend: str) -> None:
    """An environment of 1.x, or one that lacks its lock, is put right by a command of its own."""
    locked = is_neutral(manifest) and os.path.isfile(original.lock)
    part = part_path(original.definition, backend)
    if not locked or (needs_part(original.definition, manifest, backend) and not os.path.isfile(part)):
        raise BackendNotLocked(
            f"`{original.name}` has no lock of PyTorch for the back end {backend}",
            hint=f"`comfydock sync -e {original.name}` makes what is missing",
            context={"environment": original.name, "backend": backend},
        )


def clone_environment(
    layout: WorkspaceLayout, services: WorkspaceServices, plan: CloningPlan, initiator: Initiator, reporter: Reporter
) -> str:
    """Execute the plan and return the new directory. The source is only read, and nobody else may change it then."""
    original = layout.environment(plan.source)
    with staged_environment(layout, plan, f"clone the environment {plan.source}", initiator, reporter) as staged:
        reporter.phase(f"Copying {plan.source}")
        copy_environment(original, staged, link_venv=plan.venv == "link")
        if plan.venv != "link":
            own = services.environment(staged)
            stage_venv(
                original.venv, staged, own, how="fresh", python=plan.python, backend=plan.backend, reporter=reporter
            )
        services.environment(staged).git.configure_merging()
        atomic.write_text(staged.complete_marker, "")
    return plan.directory


def copy_environment(original: EnvironmentLayout, staged: EnvironmentLayout, *, link_venv: bool) -> None:
    """Copy an environment but for what belongs to its runs; its packages are the same files. Raises `OSError`.

    All trees at once, the largest last: it is begun with, and the others fill the gaps.
    """
    doubles = Doubles()
    doubles.copy(original.definition, staged.definition)
    doubles.copy(original.comfyui, staged.comfyui, skip=_LEFT_OUT)
    if link_venv:
        doubles.link(original.venv, staged.venv)
    doubles.make()
    _complete_comfyui(original, staged)


def _complete_comfyui(original: EnvironmentLayout, staged: EnvironmentLayout) -> None:
    """Put there what git tracks of the directories that were left out, and the link to the models.

    ComfyUI's own files of models, which lie behind the link, are put there again where they are missing.
    """
    tracked = queries.tracked_files(original.comfyui, ["output", "temp", "models"])
    for path in tracked:
        if not path.startswith("models/") and os.path.isfile(f"{original.comfyui}/{path}"):
            os.makedirs(os.path.dirname(f"{staged.comfyui}/{path}"), exist_ok=True)
            shutil.copy2(f"{original.comfyui}/{path}", f"{staged.comfyui}/{path}")
    if native.link_target(original.models_link) is None:
        return
    lacking = [path for path in tracked if path.startswith("models/") and _is_lacking(original, path)]
    if lacking and os.path.isdir(original.models_link):
        changes.restore(staged.comfyui, lacking)
        put_stock_files(f"{staged.comfyui}/models", os.path.realpath(original.models_link))
        remove_tree(f"{staged.comfyui}/models")
    os.symlink(os.readlink(original.models_link), staged.models_link, target_is_directory=True)


def _is_lacking(original: EnvironmentLayout, path: str) -> bool:
    return not is_placeholder(os.path.basename(path)) and not os.path.lexists(f"{original.comfyui}/{path}")


def _judge_venv(original: EnvironmentLayout, backend: str) -> str:
    """A copy by links is good when the original is whole, movable and as locked."""
    installed = is_installed(original.definition, original.venv, backend)
    return "link" if installed and quick_check(original.venv).can_be_copied else "fresh"


def _size(original: EnvironmentLayout) -> int:
    """The bytes that copies take; links take nearly nothing."""
    size = measure_tree(original.comfyui)[0] + measure_tree(original.definition)[0]
    return size - sum(measure_tree(f"{original.comfyui}/{name}")[0] for name in ("output", "temp"))
