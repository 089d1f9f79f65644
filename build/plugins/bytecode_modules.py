"""Nuitka user plugin: of our packages only the modules of the frozen start become C, the rest stays bytecode.

Nuitka's own option for that takes packages with everything below them, but the modules of a start lie beside others in
the same packages. `COMFYDOCK_COMPILED` names a file with a module a line, `COMFYDOCK_PACKAGES` says what is ours.
"""

import os
import pathlib
from typing import Any

from nuitka.plugins.PluginBase import NuitkaPluginBase  # type: ignore[import-not-found]


class BytecodeModulesPlugin(NuitkaPluginBase):  # type: ignore[misc]
    """Answers the one question that Nuitka asks for each module, which is part of its interface for plugins."""

    plugin_name = __file__

    def __init__(self) -> None:
        self.packages = frozenset(os.environ["COMFYDOCK_PACKAGES"].split())
        self.compiled = frozenset(pathlib.Path(os.environ["COMFYDOCK_COMPILED"]).read_text("utf-8").split())

    def decideCompilation(self, module_name: Any) -> str | None:
        """No opinion on what is not ours."""
        name = str(module_name)
        if name.partition(".")[0] not in self.packages:
            return None
        return "compiled" if name in self.compiled else "bytecode"
