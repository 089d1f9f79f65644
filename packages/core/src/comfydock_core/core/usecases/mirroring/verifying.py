"""Verifying a mirror: each file that is listed, and that there is nothing else."""

import os

from comfydock_core.models.exceptions import MirrorDamaged
from comfydock_core.models.mirrors import MirrorVerification
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.mirrors.store import MirrorStore
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.text import some

_SHOWN = 10


def verify_mirror(directory: str, reporter: Reporter) -> MirrorVerification:
    """Compare everything in a directory with what `mirror.json` lists. Nothing is written.

    Raises `MirrorNotFound`, `MirrorDamaged` with all that is wrong, `FileSystemError`.
    """
    place = os.path.abspath(os.path.expanduser(directory))
    store = MirrorStore(place)
    with disk_errors("verify the mirror", place):
        contents = store.contents()
        present = set(store.present())
        wrong = {"missing": sorted(contents.files.keys() - present), "changed": []}
        wrong["additional"] = sorted(present - contents.files.keys())
        reporter.phase("Comparing the files of the mirror")
        done = 0
        for path, one in contents.files.items():
            if path in present and not store.is_sound(path, one):
                wrong["changed"].append(path)
            done += one.size
            reporter.progress("Comparing", done, contents.size, "bytes")
    if any(wrong.values()):
        again = f"`comfydock mirror export {place}`"
        told = "; ".join(f"{kind}: {some(paths, _SHOWN)}" for kind, paths in wrong.items() if paths)
        raise MirrorDamaged(
            f"the mirror `{place}` is not as it is listed: {told}",
            hint=f"remove what is changed or additional; {again} completes it where it was made",
            context={"path": place, **wrong},
        )
    return MirrorVerification(place, len(contents.files), contents.size, tuple(sorted(contents.environments)))
