"""Where everything of a build is. Nothing else in `build` knows the shape of the repository."""

import os
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Layout:
    """The repository that is built, and the places below its `dist/`."""

    root: Path = REPOSITORY
    portable: bool = False
    """Whether it is the build for old systems, which has a place of its own beside the ordinary one."""

    @property
    def config(self) -> Path:
        return self.root / "dist-config"

    @property
    def packages(self) -> tuple[Path, ...]:
        """The directories of the packages that are built in, as they lie in the repository."""
        return (
            self.root / "packages/core/src/comfydock_core",
            self.root / "packages/cli/comfydock_cli",
        )

    @property
    def dist(self) -> Path:
        return self.root / "dist" / "portable" if self.portable else self.root / "dist"

    @property
    def work(self) -> Path:
        return self.dist / ".work"

    @property
    def portable_work(self) -> Path:
        """Where the interpreter for old systems and the compiler that it is made with are: one for all checkouts.

        It takes minutes to make and depends on no checkout, so that it is kept like what the compiler's cache keeps.
        """
        kept = os.environ.get("COMFYDOCK_BUILD_CACHE") or Path.home() / ".cache" / "comfydock-build"
        return Path(kept).absolute() / "portable"

    @property
    def stage(self) -> Path:
        return self.work / "stage"

    @property
    def build_venv(self) -> Path:
        return self.work / "build-venv"

    @property
    def bench_venv(self) -> Path:
        return self.work / "bench-venv"

    @property
    def bench(self) -> Path:
        return self.dist / "bench"

    @property
    def documentation(self) -> Path:
        return self.dist / "documentation"

    def artifact(self, form: str) -> Path:
        """The directory of one artifact; `form` is `nuitka`, `pyinstaller-onefile` and so on."""
        return self.dist / form / "comfydock"
