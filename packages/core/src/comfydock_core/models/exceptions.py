"""Errors of the library: one base, one family for each kind of trouble.

A class states its stable `code` and inherits its family's `exit_code`. Beside the kind of trouble, the families named
`CD...` and `UVCommandError` say what it is about: `except CDEnvironmentError` catches every error of an environment.
The docstring of a class is what `comfydock explain CODE` prints and what the manual lists. This module imports nothing,
so that raising an error costs no start time.
"""


class ComfyDockError(Exception):
    """Something went wrong that has no class of its own. The message says what."""

    code = "unexpected"
    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None, context: dict[str, object] | None = None) -> None:
        """`hint` is what to do next; `context` holds the facts by name, for `--json`."""
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.context: dict[str, object] = context or {}


class NotFoundError(ComfyDockError):
    """What was named does not exist."""

    code = "not-found"
    exit_code = 3


class ConflictError(ComfyDockError):
    """The request and the present state do not fit together; somebody has to decide."""

    code = "conflict"
    exit_code = 4


class RemoteError(ComfyDockError):
    """A server could not be reached, refused, or answered what cannot be used."""

    code = "remote"
    exit_code = 5


class ToolError(ComfyDockError):
    """A program that ComfyDock calls (`git`, `uv`) is missing or failed. Its own output is shown."""

    code = "tool"
    exit_code = 6


class BusyError(ComfyDockError):
    """Somebody else is working on the same thing right now."""

    code = "busy"
    exit_code = 7


class IntegrityError(ComfyDockError):
    """A file is damaged or is not what it should be. It was left as it is."""

    code = "integrity"
    exit_code = 8


class CDWorkspaceError(ComfyDockError):
    """Something is wrong with a workspace: it is missing, damaged, or there already."""

    code = "workspace"


class CDEnvironmentError(ComfyDockError):
    """Something is wrong with an environment: with itself, or with what it is made of."""

    code = "environment"


class CDNodeConflictError(ComfyDockError):
    """Node packs do not go together with each other or with what is in their place."""

    code = "node-conflict"
    exit_code = 4


class UVCommandError(ComfyDockError):
    """uv did not do what it was asked for."""

    code = "uv-command"
    exit_code = 6


class WorkspaceNotFound(NotFoundError, CDWorkspaceError):
    """There is no workspace where ComfyDock looks: `COMFYDOCK_HOME`, or `~/comfydock` without it.

    A directory is a workspace when it holds `.metadata/`. `comfydock init` makes one.
    """

    code = "workspace-not-found"


class WorkspaceExists(ConflictError, CDWorkspaceError):
    """`init` was asked to make a workspace where one is already, or in a directory that is not empty."""

    code = "workspace-exists"


class WorkspaceDamaged(IntegrityError, CDWorkspaceError):
    """`.metadata/workspace.json` cannot be read or is not what ComfyDock writes.

    The file is kept as it is. The message names the place; repair it by hand or restore it from a backup.
    """

    code = "workspace-damaged"


class EnvironmentNotFound(NotFoundError, CDEnvironmentError):
    """The workspace has no environment of this name. `comfydock list` shows those it has."""

    code = "environment-not-found"


class EnvironmentExists(ConflictError, CDEnvironmentError):
    """The name is taken by another environment, or by a directory that is in the way."""

    code = "environment-exists"


class EnvironmentIncomplete(IntegrityError, CDEnvironmentError):
    """The environment's directory lacks the marker `.cec/.complete`: it was never finished, or lost it since."""

    code = "environment-incomplete"


class NoActiveEnvironment(NotFoundError, CDEnvironmentError):
    """The command needs an environment: name one with `-e NAME`, or choose one with `comfydock use NAME`."""

    code = "no-active-environment"


class InvalidName(ConflictError):
    """The name cannot be used for an environment.

    Names begin and end with an ASCII letter or digit and hold letters, digits, `.`, `_` and `-` between, at most 128
    characters; a few are reserved.
    """

    code = "invalid-name"
    exit_code = 2


class ManifestDamaged(IntegrityError, CDEnvironmentError):
    """An environment's `.cec/pyproject.toml` is missing, unreadable, or not valid TOML. It was left as it is."""

    code = "manifest-damaged"


class SectionNotFound(NotFoundError, CDEnvironmentError):
    """The manifest has no section of this name."""

    code = "section-not-found"


class FileSystemError(ComfyDockError):
    """The file system refused: no space left, no permission, or a read-only place."""

    code = "file-system"
    exit_code = 6


class InvalidSetting(ComfyDockError):
    """A setting, an option or an environment variable has a value that cannot be used."""

    code = "invalid-setting"
    exit_code = 2


class RefNotFound(NotFoundError):
    """The repository has no release, branch or commit of this name. The error lists the nearest names."""

    code = "ref-not-found"


class RepositoryNotFound(NotFoundError):
    """What was named as a repository, of ComfyUI or of a node pack, is none, or there is nothing at that address."""

    code = "repository-not-found"


class PythonNotFound(NotFoundError):
    """uv found no interpreter of the wanted version and could not fetch one. `uv python list` shows what it knows."""

    code = "python-not-found"


class ModelsDirectoryNotFound(NotFoundError):
    """The workspace's models directory is not configured or does not exist (any more)."""

    code = "models-directory-not-found"


class RequirementsConflict(ConflictError, UVCommandError):
    """uv found no set of package versions that satisfies all requirements. Its explanation is shown."""

    code = "requirements-conflict"


class PacksConflict(RequirementsConflict, CDNodeConflictError):
    """Some requirements of node packs, of ComfyUI, of PyTorch or of yours cannot be met together.

    The lines that collide are listed, no more than needed: without any one of them the others fit together.
    """

    code = "packs-conflict"


class UnexpectedDirectory(ConflictError, CDNodeConflictError):
    """A directory with files in it is where ComfyDock wants to put a link. It was left as it is."""

    code = "unexpected-directory"


class NetworkUnavailable(RemoteError):
    """A server could not be reached: no network, a name that does not resolve, a refused or broken connection."""

    code = "network-unavailable"


class OfflineRefused(RemoteError):
    """The command needs the network, and `--offline` forbids it."""

    code = "offline"


class AuthenticationFailed(RemoteError):
    """A server wants to know who is asking, or refused the credentials it got."""

    code = "authentication-failed"


class RateLimited(RemoteError):
    """A server has had too many requests from this address. GITHUB_TOKEN raises GitHub's limit."""

    code = "rate-limited"


class UnusableAnswer(RemoteError):
    """A server answered, but with an error or with something that cannot be understood."""

    code = "unusable-answer"


class ToolMissing(ToolError):
    """A program that ComfyDock needs (`git`, `uv`) is not installed or not on PATH."""

    code = "tool-missing"


class GitFailed(ToolError):
    """`git` ran and failed. Its own words are shown."""

    code = "git-failed"


class UvFailed(ToolError, UVCommandError):
    """`uv` ran and failed. Its own words are shown."""

    code = "uv-failed"


class NotComfyUI(IntegrityError):
    """The repository holds something else than ComfyUI: `main.py`, `requirements.txt` or `comfy/` is missing."""

    code = "not-comfyui"


class RequirementInvalid(IntegrityError):
    """A line of a requirements file is not a valid requirement. The message names the file and the line."""

    code = "requirement-invalid"


class EnvironmentBroken(IntegrityError, CDEnvironmentError):
    """A part of the environment that is needed to run it is missing: its Python or its ComfyUI."""

    code = "environment-broken"


class ScopeBusy(BusyError):
    """Another command is changing the same environment, or the workspace's environments. The message names it.

    The lock is the system's own and vanishes with its holder. `--wait SECONDS` waits for it.
    """

    code = "scope-busy"


class OperationUnfinished(BusyError):
    """An earlier change was interrupted, and `--no-settle` forbids to settle it.

    Without `--no-settle` the next changing command settles it by itself; `operation resume` and `operation undo`
    choose how.
    """

    code = "operation-unfinished"


class ChangedMeanwhile(ConflictError):
    """What a plan was computed from is not what is there any more: somebody changed it in between. Nothing was done."""

    code = "changed-meanwhile"


class OperationNotFound(NotFoundError):
    """There is no operation of this number, or none that could be undone. `comfydock operation list` shows them."""

    code = "operation-not-found"


class NotUndoable(ConflictError):
    """The operation cannot be undone, because what it put in place was changed, moved or freed since."""

    code = "not-undoable"


class OperationDamaged(IntegrityError):
    """An operation was interrupted, and since then somebody changed what it was working on.

    Nothing was overwritten. The message names the place; `comfydock operation show ID` lists where both versions are.
    """

    code = "operation-damaged"


class AcrossFileSystems(ConflictError):
    """A name that a change must swap lies on another file system than its environment: a mount point or a link away.

    A rename works within one file system only, and anything else would not be safe.
    """

    code = "across-file-systems"


class LockOutdated(ConflictError, CDEnvironmentError):
    """The manifest and `uv.lock` do not belong together, so that nothing is installed from them."""

    code = "lock-outdated"


class LockDamaged(IntegrityError, CDEnvironmentError):
    """`uv.lock` is missing, unreadable, or not what uv writes. It was left as it is."""

    code = "lock-damaged"


class BackendNotFound(NotFoundError):
    """The package index has no PyTorch for this back end, or the address holds no such index."""

    code = "backend-not-found"


class BackendNotLocked(NotFoundError, CDEnvironmentError):
    """The environment has no lock of PyTorch for this back end: `backends/<back end>/pylock.toml` is missing."""

    code = "backend-not-locked"


class BackendPartRefused(IntegrityError, CDEnvironmentError):
    """The lock of PyTorch for a back end cannot be used: it is damaged, belongs to another release of PyTorch, repeats
    packages of `uv.lock`, or has files without hashes. `comfydock backend check` lists what is wrong.
    """

    code = "backend-part-refused"


class PackagesInconsistent(ConflictError, CDEnvironmentError):
    """The locked packages do not fit together: uv's check after the installation says which."""

    code = "packages-inconsistent"


class HashMismatch(IntegrityError, UVCommandError):
    """A package that was fetched is not the one that was locked. It was not installed."""

    code = "hash-mismatch"


class HashMissing(IntegrityError):
    """The lock has no hash for a file of a package, so that it could not be checked when it arrives. Nothing was
    installed. PyPI publishes hashes; some private indexes do not. `unhashed` in the manifest accepts single packages.
    """

    code = "hash-missing"


class IndexChanged(ConflictError, UVCommandError):
    """A package that is locked from one index could only be had from another one now, which nobody asked for.

    A package of the same name elsewhere may be somebody else's. Nothing was changed. Usually the setting is missing
    that names the index it is locked from.
    """

    code = "index-changed"


class MergeRefused(IntegrityError):
    """A version of a file to be merged is not what ComfyDock or uv write. Nothing was merged."""

    code = "merge-refused"


class VenvIncomplete(IntegrityError, CDEnvironmentError):
    """uv reported success, but files of the packages that it installed are missing or have another size.

    The environment was left as it was. Damaged downloads in uv's cache are the usual reason.
    """

    code = "venv-incomplete"


class PortInUse(BusyError, CDEnvironmentError):
    """Another program listens on the port that ComfyUI is to use. `--port N` chooses another one."""

    code = "port-in-use"


class EnvironmentInUse(BusyError, CDEnvironmentError):
    """ComfyUI of this environment runs, and what was asked for would change its files under it."""

    code = "environment-in-use"


class EnvironmentChanging(BusyError, CDEnvironmentError):
    """The environment is being changed by another command, so its ComfyUI cannot be started now."""

    code = "environment-changing"


class ComfyUIEnded(ToolError, CDEnvironmentError):
    """ComfyUI was started in the background and ended before it served. The last lines of its output are shown."""

    code = "comfyui-ended"


class TemplateNotFound(NotFoundError):
    """There is no file of that name to make an environment from."""

    code = "template-not-found"


class TemplateDamaged(IntegrityError):
    """The file is neither the manifest of an environment nor a bundle that holds one, or the bundle is not safe."""

    code = "template-damaged"


class PacksUnobtainable(NotFoundError):
    """Node packs that the manifest names cannot be had: they come from the registry or are under development elsewhere.

    `--keep-going` goes on without them.
    """

    code = "packs-unobtainable"


class InstallationNotFound(NotFoundError):
    """The directory holds no ComfyUI: neither `main.py` and `comfy/`, nor a folder `ComfyUI` with them."""

    code = "installation-not-found"


class PackNotFound(NotFoundError):
    """No source has a node pack of this name, or the environment has none. Near names are listed.

    `comfydock node search WORDS` looks for one; `comfydock node list` shows those of the environment.
    """

    code = "pack-not-found"


class PackVersionNotFound(NotFoundError):
    """The node pack exists, but not in this version, branch or commit. The versions that exist are listed."""

    code = "pack-version-not-found"


class PackExists(ConflictError, CDNodeConflictError):
    """The environment has this node pack already, or a directory of its name is in the way. It was left as it is."""

    code = "pack-exists"


class PackRefused(ConflictError):
    """The node pack must not be added as it is; `--force` adds it all the same.

    Its version was banned, flagged or deprecated, or the workspace's policy refuses what its code does.
    """

    code = "pack-refused"


class ArchiveRefused(IntegrityError):
    """An archive is damaged, leads out of its directory, holds links or devices, or is far larger than it should be.

    Nothing of it was kept.
    """

    code = "archive-refused"


class DigestMismatch(IntegrityError):
    """What was fetched is not what was recorded when it was added first. It was not used."""

    code = "digest-mismatch"


class ReleaseNotFound(NotFoundError):
    """There is no release of ComfyDock that fits: none of this version, or none for this kind of machine.

    `COMFYDOCK_RELEASE_URL` names another place to look at: a directory or an address with `SHA256SUMS` and archives.
    """

    code = "release-not-found"


class ReleaseBroken(IntegrityError):
    """A release of ComfyDock was fetched whole and does not start on this machine. The installed version stays."""

    code = "release-broken"


class ProgramNotInstalled(ConflictError):
    """ComfyDock cannot update or remove itself, because its installer did not put it where it is.

    What was installed with pip, pipx or uv is updated and removed with that; an unpacked archive is replaced by hand.
    """

    code = "program-not-installed"


class ProgramInUse(BusyError):
    """ComfyDock cannot be removed while it runs: a ComfyUI that it started in the background has it as its watcher."""

    code = "program-in-use"


class NodeDataMissing(NotFoundError):
    """The command needs the list of known node packs, which was not fetched yet: `comfydock registry update`."""

    code = "node-data-missing"


class PackageNotFound(NotFoundError):
    """The manifest asks for no Python package, group or constraint of this name, or no index has the package."""

    code = "package-not-found"


class PackageChangeRefused(ConflictError):
    """With `--strict` nothing may change packages that are locked already, and this would."""

    code = "package-change-refused"


class PackageRefused(ConflictError):
    """A Python package, a group or a constraint is not the user's alone to change in this way.

    It belongs to ComfyUI, to a node pack, or to the release of PyTorch that all machines share. The message says which.
    """

    code = "package-refused"


class InstallScriptFailed(ToolError):
    """A node pack's `install.py`, which `--run-install-script` runs, failed. Nothing was changed."""

    code = "install-script-failed"


class WorkflowsMissing(ConflictError):
    """`node prune` was asked to judge by the workflows, and the environment has none, so that no pack would stay."""

    code = "workflows-missing"


class PacksNotImported(IntegrityError, CDNodeConflictError):
    """ComfyUI was started to see whether node packs can be imported, and some cannot.

    The message has the reason that ComfyUI gives for each. Often a Python package is missing that the pack does not ask
    for: `comfydock py add PACKAGE` adds it.
    """

    code = "packs-not-imported"


class PackHasChanges(ConflictError, CDNodeConflictError):
    """Somebody changed files of the node pack, and what was asked for would take them away. `--force` does it anyway.

    The old directory is kept until later operations push it out; `undo` brings it back.
    """

    code = "pack-has-changes"
