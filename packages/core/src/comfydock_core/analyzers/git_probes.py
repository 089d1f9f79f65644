"""Starting git's answers for `status` early, so that git works while the manifest is read. Fast path."""

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.integrations import git_options, quick_process
from comfydock_core.integrations.quick_process import QuickProcess
from comfydock_core.utils import native

_STATUS = ["status", "--porcelain=v2", "--branch", "-z"]


class GitProbe:
    """One git command under way. `repository` says whether there is a repository to ask at all."""

    __slots__ = ("_process", "repository")

    def __init__(self, worktree: str, arguments: list[str]) -> None:
        self.repository = native.exists(f"{worktree}/.git")
        self._process: QuickProcess | None = None
        if self.repository:
            # Without optional locks, reading never disturbs a git command of the user.
            words = ["--no-optional-locks", "-C", worktree, *arguments]
            self._process = quick_process.start(git_options.command(worktree, words))

    def answer(self) -> tuple[bytes | None, str | None]:
        """Git's output, or `None` and the reason why there is none. Waits for git; later calls have no answer."""
        if not self.repository:
            return None, None
        if self._process is None:
            return None, "`git` was not found"
        process, self._process = self._process, None
        code, output, errors = process.collect()
        if code == 0:
            return output, None
        words = errors.decode("utf-8", "replace").strip().split("\n")[0]
        return None, words or f"git ended with exit code {code}"

    def close(self) -> None:
        """Wait for a git whose answer is not wanted any more."""
        if self._process is not None:
            self._process.collect()
            self._process = None


def comfyui_probe(layout: EnvironmentLayout) -> GitProbe:
    """The question for the files of ComfyUI that were changed.

    The models directory is tracked upstream and a link here; untracked files are none of git's business in a directory
    that ComfyUI and its users write to.
    """
    return GitProbe(layout.comfyui, [*_STATUS, "--untracked-files=no", "--", ".", ":(exclude)models"])


class GitProbes:
    """The two questions of `status`: the definition, and ComfyUI."""

    __slots__ = ("comfyui", "definition")

    def __init__(self, layout: EnvironmentLayout) -> None:
        self.definition = GitProbe(layout.definition, _STATUS)
        self.comfyui = comfyui_probe(layout)

    def close(self) -> None:
        self.definition.close()
        self.comfyui.close()
