"""Nuitka user plugin: packages know their directory without `os`.

Nuitka has every compiled package compute `__path__` as `[os.path.dirname(__file__)]` when it is loaded, so the first
package of a program pays for `os`, a third of a bare start. The same value comes from a method of text.
"""

import inspect
from typing import Any

from nuitka.plugins.PluginBase import NuitkaPluginBase  # type: ignore[import-not-found]


class PackagePathsPlugin(NuitkaPluginBase):  # type: ignore[misc]
    """Replaces one private function of Nuitka, one more reason for the pin."""

    plugin_name = __file__

    def onCompilationStartChecks(self) -> None:
        """Once the options are read, the modules that build the tree can be imported."""
        from nuitka.tree import (  # type: ignore[import-not-found]
            ReformulationNamespacePackages as reformulation,
        )

        original = reformulation._getNameSpacePathExpression
        if 'attribute_name="dirname"' not in inspect.getsource(original):
            self.sysexit(f"Nuitka computes package paths otherwise now, review {__file__}")

        def path_expression(package: Any, source_ref: Any) -> Any:
            """What Nuitka does, but for an ordinary package of a standalone program."""
            ordinary = not package.canHaveExternalImports() and not package.isCompiledPythonNamespacePackage()
            if not ordinary or reformulation.getFileReferenceMode() != "runtime":
                return original(package, source_ref)
            return directory_expression(reformulation, package, source_ref)

        reformulation._getNameSpacePathExpression = path_expression


def directory_expression(reformulation: Any, package: Any, source_ref: Any) -> Any:
    """The node of `[__file__.rpartition("/")[0]]`."""
    tree = reformulation.parseSourceCodeToAst(
        source_code='[__file__.rpartition("/")[0]]',
        module_name=package.getFullName(),
        filename=source_ref.getFilename(),
        line_offset=0,
    )
    reformulation.pushFutureSpec(package.getFullName())
    expression = reformulation.buildNode(package, tree.body[0].value, source_ref)
    reformulation.popFutureSpec()
    return expression
