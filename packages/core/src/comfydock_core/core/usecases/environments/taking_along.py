"""Copying what lies beside a definition on this machine into the environment that is made of it."""

import os
from collections.abc import Mapping

from comfydock_core.caching.repository_mirrors import RepositoryMirrors
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.usecases.environments.adopted_packs import take_packs
from comfydock_core.managers.pack_places import CUSTOM_NODES
from comfydock_core.models.environments.adoption import TRACKED, PackFate
from comfydock_core.models.protocols import Reporter
from comfydock_core.utils.files.filesystem import remove_tree
from comfydock_core.utils.files.tree_copy import copy_tree

_CACHES = ("__pycache__",)


def take_along(
    layout: EnvironmentLayout, taken: Mapping[str, str], mirrors: RepositoryMirrors, reporter: Reporter
) -> None:
    """Copy directories to their paths in the environment, in place of what is there; nothing leads back afterwards.

    Raises `OSError`, `GitFailed`.
    """
    if taken:
        reporter.phase("Copying node packs, workflows and inputs")
    prefix = f"{CUSTOM_NODES}/"
    packs = {path.removeprefix(prefix): source for path, source in taken.items() if path.startswith(prefix)}
    fates = [PackFate(name, source, "directory", TRACKED, target=name) for name, source in packs.items()]
    take_packs(layout.custom_nodes, fates, mirrors, reporter)
    for path, source in taken.items():
        if not path.startswith(prefix):
            target = f"{layout.root}/{path}"
            if os.path.lexists(target):
                remove_tree(target)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            copy_tree(os.path.realpath(source), target, skip=_CACHES)
