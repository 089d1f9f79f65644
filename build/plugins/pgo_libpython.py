"""Nuitka user plugin: link the static library that was built with profiles.

Debian has two: Nuitka takes `libpythonX.Y-pic.a`, which was not. The other is not position independent, so compiler
and linker are told `-fno-pie` and `-no-pie`. It sets a private variable of Nuitka, one more reason for the pin.
"""

import os

from nuitka.plugins.PluginBase import NuitkaPluginBase  # type: ignore[import-not-found]
from nuitka.utils import StaticLibraries  # type: ignore[import-not-found]

if not hasattr(StaticLibraries, "_static_lib_python_path"):
    raise SystemExit(f"Nuitka chooses the static library otherwise now, review {__file__}")

StaticLibraries._static_lib_python_path = os.environ["COMFYDOCK_STATIC_LIBPYTHON"]


class PgoLibpythonPlugin(NuitkaPluginBase):  # type: ignore[misc]
    """Nothing to do but the line above."""

    plugin_name = __file__
