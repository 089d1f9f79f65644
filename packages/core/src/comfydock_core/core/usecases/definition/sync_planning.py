"""Finding out what an environment lacks of what its definition says. Nothing is written."""

import os
from collections.abc import Iterator
from functools import cached_property

from comfydock_core.analyzers.packages.backend_parts import why_part_is_of_no_use
from comfydock_core.analyzers.packages.expected_packages import needs_part
from comfydock_core.analyzers.status_scanner import same_directory
from comfydock_core.configs.environment_layout import BACKEND_CHOICE, BACKENDS, PART, EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.services_bundle import EnvironmentServices
from comfydock_core.core.usecases.definition.backends import chosen_backend
from comfydock_core.core.usecases.definition.venv_choice import judge_venv, wanted_python
from comfydock_core.core.usecases.moving.comfyui_moving import comfyui_steps, plan_comfyui, told_move
from comfydock_core.core.usecases.moving.pack_patching import PackPatches
from comfydock_core.core.usecases.moving.patch_sides import PatchSides, held_sides
from comfydock_core.integrations.system_detector import check_backend, detect_backend
from comfydock_core.managers.pack_places import missing_packs, path_of
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.exceptions import InvalidSetting, NotFoundError, PackHasChanges, RemoteError
from comfydock_core.models.file_moves import ComfyUIMove
from comfydock_core.models.history.moving import REFUSE
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.models.operation import Step, Swap
from comfydock_core.models.packages.syncing import PackToFetch, SyncPlan, SyncRequest
from comfydock_core.models.plan import PlanStep
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.definition.backend_choice import read_choice
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.definition.pytorch_settings import is_neutral
from comfydock_core.repositories.definition.tracked_packs import version_instead
from comfydock_core.repositories.workspace_config_reader import read_config
from comfydock_core.services.transaction import make_plan
from comfydock_core.services.transaction.planning import swap
from comfydock_core.utils import native

MODELS = "ComfyUI/models"
_SHORT = 10


class SyncPlanner:
    """Finds out what has to change, one subject a method."""

    def __init__(
        self,
        layout: EnvironmentLayout,
        workspace: WorkspaceLayout,
        services: EnvironmentServices,
        request: SyncRequest,
        reporter: Reporter,
    ) -> None:
        self._layout = layout
        self._workspace = workspace
        self._services = services
        self._request = request
        self._reporter = reporter
        self._manifest = read_manifest(layout.manifest)
        self._steps: list[Step] = []
        self._work: list[PlanStep] = []
        self._reasons: list[str] = []
        self._changed_packs: list[str] = []

    def plan(self) -> SyncPlan:
        backend, request = self._backend(), self._request
        converts = self._convert()
        chooses = self._choose(backend)
        relock = not converts and self._relock()
        parts = () if converts else self._parts(backend, relock)
        venv = self._venv(backend, bool(parts) or relock or converts) if request.install else "keep"
        if (venv != "keep" or parts) and not (relock or converts):
            self._services.uv_project.refuse_outdated()
        packs, unobtainable = self._packs() if request.install else ((), ())
        models = self._models() if request.install else None
        comfyui, held_back = self._comfyui() if request.install else (None, ())
        change = make_plan(
            self._layout.root,
            request.command,
            self._steps,
            work=self._work,
            disturbs=[self._layout.root] if request.install else (),
            inputs=[f"{self._layout.definition}/{name}" for name in ("pyproject.toml", "uv.lock", BACKEND_CHOICE)],
            fetch_bytes=None if venv != "keep" or packs or parts else 0,
            disk_needed=None if venv != "keep" or packs else 0,
        )
        return SyncPlan(
            name=self._layout.name,
            backend=backend,
            python=wanted_python(self._layout),
            venv=venv,
            reasons=tuple(self._reasons),
            chooses=chooses,
            converts=converts,
            relock=relock,
            parts=parts,
            packs=packs,
            unobtainable=unobtainable,
            held_back=(*held_back, *self._changed_packs),
            comfyui=comfyui,
            models_directory=models,
            change=change,
        )

    def _comfyui(self) -> tuple[ComfyUIMove | None, tuple[str, ...]]:
        """The way to the manifest's commit; where files that somebody changed are in it, ComfyUI stays, and they are
        reported."""
        layout = self._layout
        if not os.path.isdir(layout.comfyui):
            return None, (f"there is no `{layout.comfyui}`",)
        manifest = EnvironmentManifest(self._manifest, layout.manifest)
        try:
            found = plan_comfyui(layout, self._services, (), manifest, REFUSE, self._reporter, self._patches)
        except (NotFoundError, RemoteError) as error:
            return None, (f"ComfyUI is not at the manifest's commit, which cannot be had: {error.message}",)
        if found.in_the_way and found.move is not None and found.move.before == found.move.after:
            return None, tuple(f"the patch of ComfyUI is not applied: {one.text}" for one in found.in_the_way)
        if found.in_the_way:
            wanted = (manifest.comfyui_commit or "")[:_SHORT]
            return None, tuple(f"ComfyUI does not go to {wanted}: {one.text}" for one in found.in_the_way)
        if found.move is not None:
            self._work.append(told_move(layout, found.move))
            self._steps += comfyui_steps(layout, found.move)
        return found.move, found.notes

    def _backend(self) -> str:
        """The back end that is asked for, else the one that was chosen, else the one that fits this machine."""
        wanted = self._request.backend
        if wanted is not None:
            wanted = check_backend(wanted)
            return detect_backend() if wanted == "auto" else wanted
        chosen = chosen_backend(self._layout.definition, self._manifest)
        if chosen in (None, "auto") and not is_neutral(self._manifest):
            chosen = self._services.uv_project.older_backend()
        return chosen if chosen not in (None, "auto") else detect_backend()

    def _convert(self) -> bool:
        if is_neutral(self._manifest):
            return False
        self._work.append(PlanStep("convert", self._layout.definition, "made by ComfyDock 1.x", deferred=True))
        for name in ("pyproject.toml", "uv.lock", ".gitignore", ".gitattributes", BACKENDS):
            self._steps.append(swap(self._layout.root, f".cec/{name}", has_new=True))
        return True

    def _choose(self, backend: str) -> bool:
        if read_choice(self._layout.definition) == backend or not self._request.install:
            return False
        self._add(f".cec/{BACKEND_CHOICE}", "choose", f"PyTorch for {backend}", "on this machine")
        return True

    def _relock(self) -> bool:
        lacking = not os.path.isfile(self._layout.lock)
        if not (self._request.relock or lacking):
            return False
        self._add(".cec/uv.lock", "lock", self._layout.lock, "what the manifest asks for")
        self._add(".cec/pyproject.toml", "write", self._layout.manifest, "the release of PyTorch, where it is missing")
        self._add(f".cec/{BACKENDS}", "lock", "PyTorch", "for every back end that this concerns")
        return True

    def _parts(self, backend: str, relock: bool) -> tuple[str, ...]:
        """The back ends to lock: those asked for, and the chosen one when its lock is missing or of no use."""
        if relock and not os.path.isfile(self._layout.lock):
            return (backend,) if backend != "none" else ()
        wanted = {self._lockable(name) for name in self._request.lock_backends}
        if self._request.install and self._needs_part(backend) and (relock or self._why_not(backend)):
            wanted.add(backend)
        for name in sorted(wanted):
            reason = self._why_not(name) or "again"
            path = f".cec/{BACKENDS}" if relock else self._part_path(name)
            if not (relock and reason == "again"):  # The new lock of all packages concerns it anyway.
                self._add(path, "lock", f"PyTorch for {name}", reason)
        return tuple(sorted(wanted))

    def _needs_part(self, backend: str) -> bool:
        return needs_part(self._layout.definition, self._manifest, backend)

    def _lockable(self, backend: str) -> str:
        """The back end, if PyTorch can be locked for it. Raises `InvalidSetting`."""
        if check_backend(backend) == "auto" or not self._needs_part(backend):
            raise InvalidSetting(
                f"there is nothing to lock for the back end `{backend}`",
                hint="name one that PyTorch has wheels of its own for, such as cpu, cu128 or rocm6.4",
                context={"torch_backend": backend},
            )
        return backend

    def _why_not(self, backend: str) -> str | None:
        return why_part_is_of_no_use(self._layout.definition, self._manifest, backend)

    def _part_path(self, backend: str) -> str:
        """The highest name on the way to the part that does not exist yet, else the part: the name to swap."""
        for path in (f".cec/{BACKENDS}", f".cec/{BACKENDS}/{backend}"):
            if not os.path.isdir(f"{self._layout.root}/{path}"):
                return path
        return f".cec/{BACKENDS}/{backend}/{PART}"

    def _venv(self, backend: str, locks: bool) -> str:
        how, reason = self._judge_venv(backend, locks)
        if how != "keep":
            self._reasons.append(reason)
            words = "a linked copy is brought up to date" if how == "link" else "built anew"
            self._add(".venv", "install", self._layout.venv, f"{words}: {reason}")
        return how

    def _judge_venv(self, backend: str, locks: bool) -> tuple[str, str]:
        if self._request.fresh:
            return "fresh", "asked for"
        return judge_venv(self._layout, lambda: not locks and self._services.uv_project.is_installed(backend))

    def _packs(self) -> tuple[tuple[PackToFetch, ...], tuple[str, ...]]:
        missing, unobtainable = missing_packs(self._layout, self._manifest)
        patches = PackPatches(self._services, self._patches, self._reporter)
        packs = [PackToFetch(pack, patch=patches.wanted(pack)) for pack in missing]
        packs += [*self._packs_elsewhere(patches), *self._unpatched_packs(patches)]
        for wanted in packs:
            release = wanted.pack.release
            source = without_credentials(release.repository or release.download_url or "the registry")
            instead = f" instead of {wanted.found[:_SHORT]}" if wanted.found is not None else ""
            patched = ", patched" if wanted.patch is not None else ""
            detail = f"node pack {release.name} at {release.version[:_SHORT]}{instead}{patched}"
            self._add(path_of(wanted.pack), "fetch", source, detail)
        return tuple(packs), unobtainable

    @cached_property
    def _patches(self) -> PatchSides:
        return held_sides(self._layout)

    def _unpatched_packs(self, patches: PackPatches) -> Iterator[PackToFetch]:
        """Packs at the manifest's version whose patch is not applied, and that nobody changed otherwise."""
        nodes = self._services.nodes
        for pack in nodes.packs.values():
            path = nodes.path(pack)
            is_there = os.path.isdir(path) and not os.path.islink(path) and version_instead(pack, path) is None
            if is_there and patches.is_held_back(pack, path):
                try:
                    own = nodes.own_files(pack, "its patch", force=False, patches=patches.applied(pack))
                except PackHasChanges as error:
                    self._changed_packs.append(f"the patch of {pack.release.name} is not applied, because it has"
                                               f" {error.context['changes']}")  # fmt: skip
                else:
                    yield PackToFetch(pack, own_files=own, patch=patches.wanted(pack))

    def _packs_elsewhere(self, patches: PackPatches) -> Iterator[PackToFetch]:
        """Packs at another version than the manifest's. One that somebody worked in is only told."""
        nodes = self._services.nodes
        for pack in nodes.packs.values():
            found = version_instead(pack, nodes.path(pack))
            if found is None:
                continue
            try:
                own = nodes.own_files(pack, "the manifest's version", force=False, patches=patches.applied(pack))
            except PackHasChanges as error:
                name, version = pack.release.name, pack.release.version
                there = f"{name} is at {found[:_SHORT]}, and the manifest wants {version[:_SHORT]}"
                self._changed_packs.append(f"{there}, but it has {error.context['changes']}")
            else:
                yield PackToFetch(pack, found, own, patch=patches.wanted(pack))

    def _models(self) -> str | None:
        """The directory that `models` is to lead to, when it does not. Raises what the check of that directory does."""
        directory = read_config(self._workspace.config_file).models_directory
        link = self._layout.models_link
        if directory is None or not os.path.isdir(self._layout.comfyui):
            return None
        if native.link_target(link) is not None and same_directory(link, directory):
            return None
        self._services.models_link.refuse_loss(directory)
        self._add(MODELS, "link", link, directory)
        return directory

    def _add(self, path: str, action: str, target: str, detail: str) -> None:
        """A swap, and the line that tells of it. Two parts in one new directory are one swap."""
        self._work.append(PlanStep(action, target, detail, deferred=True))
        if all(not isinstance(step, Swap) or step.path != path for step in self._steps):
            self._steps.append(swap(self._layout.root, path, has_new=True))
