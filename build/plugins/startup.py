"""Nuitka user plugin for Linux and macOS: a program starts with fewer instructions than the bare interpreter.

1. `inspect` is patched when it is imported, not at every start (it brings forty modules).
2. The environment is restored without importing `os`; `os.environ` is made from `posix.environ` when `os` comes.
3. Modules that CPython has as static code objects are taken from there instead of being unmarshalled.
4. While the interpreter starts it looks for no garbage, and afterwards at every 10000 new objects rather than 700,
   which a short command never has. `zipimport` is not loaded at the start: there is no zip file to import from.

The edits are to the C text of one version of Nuitka, which is pinned. A text that is not as expected, or not there
exactly once, stops the build: review the edits for the new version, then change the pin.
"""

import pathlib
from typing import Any

from nuitka.plugins.PluginBase import NuitkaPluginBase  # type: ignore[import-not-found]

_DEFER_INSPECT = """\
    static PyMethodDef patch_inspect = {"_patch_inspect", deferredPatchInspect, METH_NOARGS, NULL};
    Nuitka_SysSetObject("_patch_inspect", PyCFunction_New(&patch_inspect, NULL));
"""

_FUNCTIONS = """\
static PyObject *deferredPatchInspect(PyObject *self, PyObject *unused) {
    patchInspectModule(PyThreadState_GET());
    Py_RETURN_NONE;
}

static void restoreVariable(PyThreadState *tstate, char const *name, environment_char_t const *old_value) {
    PyObject *posix_module = PyDict_GetItemString(Nuitka_GetSysModules(), "posix");
    PyObject *environ_dict = posix_module ? PyObject_GetAttrString(posix_module, "environ") : NULL;

    if (environ_dict == NULL || PyDict_GetItemString(Nuitka_GetSysModules(), "os") != NULL) {
        PyErr_Clear();
        Py_XDECREF(environ_dict);
        undoEnvironmentVariable(tstate, name, old_value);
        return;
    }

    PyObject *key = PyBytes_FromString(name);

    if (old_value != NULL) {
        PyObject *value = PyBytes_FromString(old_value);
        setEnvironmentVariable(name, old_value);
        PyDict_SetItem(environ_dict, key, value);
        Py_DECREF(value);
    } else {
        unsetEnvironmentVariable(name);
        if (PyDict_DelItem(environ_dict, key) != 0) {
            PyErr_Clear();
        }
    }

    Py_DECREF(key);
    Py_DECREF(environ_dict);
}

"""

_INCLUDE = """\
#if PYTHON_VERSION >= 0x3b0 && PYTHON_VERSION < 0x3d0
#include "internal/pycore_import.h"
#endif

"""

_STATIC_CODE = """\
#if PYTHON_VERSION >= 0x3b0 && PYTHON_VERSION < 0x3d0
    for (struct _frozen *entry = merged + pre_existing_count; entry->name != NULL; entry++) {
        for (struct _frozen const *stdlib = _PyImport_FrozenStdlib; stdlib->name != NULL; stdlib++) {
            if (strcmp(entry->name, stdlib->name) == 0) {
                entry->get_code = stdlib->get_code;
            }
        }
    }
#endif
"""

_INITIALIZE = """\
#if PYTHON_VERSION >= 0x3b0 && PYTHON_VERSION < 0x3d0
    static struct _frozen without_zipimport[8];
    struct _frozen const *with_zipimport = _PyImport_FrozenBootstrap;
    int kept = 0;

    for (struct _frozen const *entry = with_zipimport; entry->name != NULL && kept < 7; entry++) {
        if (strcmp(entry->name, "zipimport") != 0) {
            without_zipimport[kept++] = *entry;
        }
    }

    _PyImport_FrozenBootstrap = without_zipimport;
    config._init_main = 0;
    status = Py_InitializeFromConfig(&config);

    if (!PyStatus_Exception(status)) {
        PyGC_Disable();
        status = _Py_InitializeMain();
    }

    if (!PyStatus_Exception(status)) {
        // The threshold first: with the old one the next object would start a collection.
        PyObject *gc_module = PyImport_ImportModule("gc");
        PyObject *result = gc_module ? PyObject_CallMethod(gc_module, "set_threshold", "i", 10000) : NULL;
        Py_XDECREF(result);
        Py_XDECREF(gc_module);
        PyErr_Clear();
        PyGC_Enable();
    }

    _PyImport_FrozenBootstrap = with_zipimport;
#else
    status = Py_InitializeFromConfig(&config);
#endif
"""

_MAIN = "static int Nuitka_Main("
_FROZEN = "#if NUITKA_HAS_FROZEN_MODULES_BOOL\nextern void copyFrozenModulesTo("
_COPY = "    copyFrozenModulesTo(merged + pre_existing_count);\n"

# What stands in MainProgram.c, and what stands there instead.
EDITS = {
    "    patchInspectModule(tstate);\n": _DEFER_INSPECT,
    'undoEnvironmentVariable(tstate, "PATH", ': 'restoreVariable(tstate, "PATH", ',
    'undoEnvironmentVariable(tstate, "PYTHONHOME", ': 'restoreVariable(tstate, "PYTHONHOME", ',
    _MAIN: _FUNCTIONS + _MAIN,
    _FROZEN: _INCLUDE + _FROZEN,
    _COPY: _COPY + _STATIC_CODE,
    "    status = Py_InitializeFromConfig(&config);\n": _INITIALIZE,
}


def edited(code: str) -> str:
    """The text with all edits. Raises `ValueError` naming the first that does not fit."""
    for old, new in EDITS.items():
        if code.count(old) != 1:
            raise ValueError(f"stands {code.count(old)} times, not once: {old.strip()}")
        code = code.replace(old, new)
    return code


class StartupPlugin(NuitkaPluginBase):  # type: ignore[misc]
    """Edits `MainProgram.c` in the build folder."""

    plugin_name = __file__

    @staticmethod
    def createPostModuleLoadCode(module: Any) -> tuple[str, str] | None:
        """Patch `inspect` once it is there."""
        if module.getFullName() == "inspect":
            return "import sys\nsys._patch_inspect()", "patch inspect for compiled types"
        return None

    def onGeneratedSourceCode(self, source_dir: str, onefile: bool) -> None:
        """Replace the file: it is a link into the Nuitka installation, which must never be written through."""
        if onefile:
            return
        main = pathlib.Path(source_dir, "static_src", "MainProgram.c")
        try:
            code = edited(main.read_text("utf-8"))
        except ValueError as error:
            self.sysexit(f"MainProgram.c is not as expected, review {__file__} for this Nuitka: {error}")
        main.unlink()
        main.write_text(code, "utf-8")
