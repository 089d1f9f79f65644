"""Nuitka user plugin: what stays bytecode is asked for its imports and nothing else.

Nuitka analyses a module as if it became C, and only then lets go of all but the imports that it found. Nearly all of a
program stays bytecode, so that was most of a build. Nuitka remembers those imports from one build to the next and
then skips the analysis; this plugin gives it the same answer, read from the syntax, so that a first build skips it as
well, and every build finds the same.
"""

import pathlib
import sys
from typing import Any

from nuitka.plugins.PluginBase import NuitkaPluginBase  # type: ignore[import-not-found]

sys.path.append(str(pathlib.Path(__file__).parents[2]))  # The freezer knows of no checkout.

from build.imports import imported


class LightAnalysisPlugin(NuitkaPluginBase):  # type: ignore[misc]
    """Replaces two functions where Nuitka looks for what it remembers, one more reason for the pin."""

    plugin_name = __file__

    def onCompilationStartChecks(self) -> None:
        """Once the options are read, the modules that build the tree can be imported."""
        from nuitka.importing import Importing  # type: ignore[import-not-found]
        from nuitka.tree import Building  # type: ignore[import-not-found]
        from nuitka.utils.ModuleNames import ModuleName  # type: ignore[import-not-found]

        names = ("hasCachedImportedModuleUsageAttempts", "getCachedImportedModuleUsageAttempts")
        if not all(hasattr(Building, name) for name in names):
            self.sysexit(f"Nuitka remembers imports otherwise now, review {__file__}")

        def usages(module_name: Any, source_code: str, source_ref: Any) -> tuple[Any, tuple[()]]:
            """What Nuitka's own memory answers: the modules that are used, and how long the passes took."""
            is_package = source_ref.getFilename().endswith("__init__.py")
            package = str(module_name) if is_package else str(module_name).rpartition(".")[0]
            found = dict.fromkeys(imported(source_code, package))
            attempts = (usage(name, line, source_ref) for name, line in found)
            return Importing.OrderedSet(attempt for attempt in attempts if attempt is not None), ()

        def usage(name: str, line: int, source_ref: Any) -> Any:
            _, filename, kind, finding = Importing.locateModule(ModuleName(name), None, 0)
            if finding == "not-found":
                return None
            return Importing.makeModuleUsageAttempt(
                module_name=ModuleName(name),
                filename=filename,
                module_kind=kind,
                finding=finding,
                level=0,
                source_ref=source_ref.atLineNumber(line),
                reason="import",
            )

        Building.hasCachedImportedModuleUsageAttempts = lambda **_: True
        Building.getCachedImportedModuleUsageAttempts = usages
