"""PyInstaller runtime hook: the environment is the user's again before any of our code runs.

PyInstaller's loader may point `LD_LIBRARY_PATH` at the artifact (its one-file form does) and leaves variables for
copies of itself. The dynamic linker has read them by now; the programs that we start (git, uv, ComfyUI's Python) must
not see them. `os.environ` works on the dictionary of `posix.environ`, so code that reads the latter sees the same.
"""

import os
import sys

_original = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
if _original is not None:
    os.environ["LD_LIBRARY_PATH"] = _original
elif os.environ.get("LD_LIBRARY_PATH", "").startswith(str(vars(sys)["_MEIPASS"])):
    del os.environ["LD_LIBRARY_PATH"]
for _name in [name for name in os.environ if name.startswith("_PYI_")]:
    del os.environ[_name]
