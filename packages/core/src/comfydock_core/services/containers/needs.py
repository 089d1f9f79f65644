"""What a container needs beside the locked Python packages: libraries and programs of Debian."""

from collections.abc import Mapping

# What packages load or start that no wheel brings. Names of Debian 12.
_RUNTIME = {
    "ffmpeg-python": ("ffmpeg",),
    "ffmpy": ("ffmpeg",),
    "gitpython": ("git",),
    "opencv-contrib-python": ("libgl1", "libglib2.0-0"),
    "opencv-python": ("libgl1", "libglib2.0-0"),
    "pyaudio": ("libportaudio2",),
    "pydub": ("ffmpeg",),
    "sounddevice": ("libportaudio2",),
}
_FROM_SOURCE = ("build-essential",)
_FROM_GIT = ("git",)


def needs_of(lock: Mapping[str, object]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Packages of Debian for the run and for the build, both sorted. `lock` is a `pylock.toml` that was read."""
    runtime: set[str] = set()
    build: set[str] = set()
    packages = lock.get("packages")
    for package in packages if isinstance(packages, list) else []:
        runtime.update(_RUNTIME.get(str(package.get("name")), ()))
        if "vcs" in package:
            build.update(_FROM_GIT + _FROM_SOURCE)
        elif "wheels" not in package:
            build.update(_FROM_SOURCE)
    return tuple(sorted(runtime)), tuple(sorted(build))
