"""ComfyUI's `folder_paths`: what its functions give is files, which are another matter on every machine."""

from comfydock_core.analyzers.class_inputs.values import FILES, Foreign, Many, Place, Unknown, reason_of, sources_of

MODULE = "folder_paths"
_LISTS = ("get_filename_list", "get_filename_list_")
_OF_ITS_OWN = ("get_input_directory", "get_output_directory", "get_temp_directory", "get_user_directory")
_OF_ITS_OWN_NAMES = ("input_directory", "output_directory", "temp_directory")
_LISTING = frozenset({"os.listdir", "glob.glob", "os.walk", "os.scandir"})
_CHOOSING = ("filter_files_content_types", "filter_files_extensions")
# What such code does with the names of files and directories: what it is made from says all there is to know.
_OF_FILES = (
    "os.path.", "pathlib.", "re.", "natsort.", "fnmatch.", "os.listdir", "os.walk", "os.scandir", "glob.glob", "str",
    "mimetypes.", "os.fspath", "hash",
)  # fmt: skip


def called(dotted: str, arguments: list[object], named: dict[str, object], at: Place) -> object:
    """What a call is about when it is about ComfyUI's files, else `None`."""
    values = [*arguments, *named.values()]
    if dotted.startswith(f"{MODULE}."):
        return _of_folder_paths(dotted.removeprefix(f"{MODULE}."), values, at)
    if dotted.startswith(_OF_FILES):
        values = [Unknown(None, (FILES,)) if _is_own_directory(one) else one for one in values]
        sources = sources_of(*values)
        if sources:
            one = Unknown(reason_of(*values), sources)
            return [Many(one, one.reason)] if dotted in _LISTING or dotted.startswith("natsort.") else one
    return None


def _of_folder_paths(name: str, values: list[object], at: Place) -> object:
    if name in _LISTS and values:
        folder = values[0]
        if isinstance(folder, str):
            one = Unknown(None, (folder,))
            return [Many(one, None)] if name == _LISTS[0] else one
        return Unknown(reason_of(folder) or f"{at}: which folder of models it is", sources_of(*values), True)
    if name in _OF_ITS_OWN:
        return Unknown(None, (FILES,))
    if name in _CHOOSING and values:
        return [Many(Unknown(reason_of(values[0]), sources_of(values[0])), reason_of(values[0]))]
    return Unknown(f"{at}: what `{MODULE}.{name}` gives", sources_of(*values))


def _is_own_directory(value: object) -> bool:
    return isinstance(value, Foreign) and value.dotted in [f"{MODULE}.{name}" for name in _OF_ITS_OWN_NAMES]
