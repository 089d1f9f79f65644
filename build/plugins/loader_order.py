"""Nuitka user plugin: our own modules come first in the table that an import searches from its beginning.

Nuitka sorts the table by name, so that each of our imports is compared with several hundred modules of the standard
library and of third parties before.
"""

from functools import cache
from typing import Any

from nuitka.plugins.PluginBase import NuitkaPluginBase  # type: ignore[import-not-found]

_OURS = ("__main__", "comfydock_cli", "comfydock_core")


class LoaderOrderPlugin(NuitkaPluginBase):  # type: ignore[misc]
    """Replaces two private functions of Nuitka, one more reason for the pin."""

    plugin_name = __file__

    def onCompilationStartChecks(self) -> None:
        """Once the options are read, the modules that write the table can be imported."""
        from nuitka.code_generation import LoaderCodes  # type: ignore[import-not-found]

        names = ("_getLoaderModuleOrderKey", "_getLoaderModuleNames")
        if not all(hasattr(LoaderCodes, name) for name in names):
            self.sysexit(f"Nuitka orders its table otherwise now, review {__file__}")
        LoaderCodes._getLoaderModuleOrderKey = order_key
        # Asked for three times for each module, by when no module is added any more.
        LoaderCodes._getLoaderModuleNames = cache(LoaderCodes._getLoaderModuleNames)


def order_key(module: Any) -> tuple[bool, str]:
    """Ours before all others, each part by name."""
    name = str(module.getFullName())
    return name.partition(".")[0] not in _OURS, name
