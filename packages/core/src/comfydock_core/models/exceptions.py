"""Errors of the library: one base, one family for each kind of trouble.

A class states its stable `code` and inherits its family's `exit_code`. Beside the kind of trouble, the families named
`CD...` and `UVCommandError` say what it is about: `except CDEnvironmentError` catches every error of an environment.
The docstring of a class is what `comfydock explain CODE` prints and what the manual lists. This module imports nothing,
so that raising an error costs no start time.
"""


class ComfyDockError(Exception):
    """Something went wrong that ComfyDock did not expect: most likely a fault of its own.

    The message says what, `--verbose` where in the program. For commands that change something `comfydock logs`
    keeps it.
    """

    code = "unexpected"
    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None, context: dict[str, object] | None = None) -> None:
        """`hint` is what to do next; `context` holds the facts by name, for `--json`."""
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.context: dict[str, object] = context or {}


class NotFoundError(ComfyDockError):
    """Something that was named does not exist.

    Usually a name is misspelled, or the thing is in another environment. The hint says where to look.
    """

    code = "not-found"
    exit_code = 3


class ConflictError(ComfyDockError):
    """What was asked for does not fit what is there, and only you can decide between the two.

    Nothing was changed. The message names both sides, the hint what you can do.
    """

    code = "conflict"
    exit_code = 4


class RemoteError(ComfyDockError):
    """A server could not be reached, refused the request, or gave an answer that is of no use.

    Nothing was changed. Try again later; with `--offline` commands make do with what is cached, where they can.
    """

    code = "remote"
    exit_code = 5


class ToolError(ComfyDockError):
    """A program that ComfyDock calls, git or uv, is missing or failed.

    Its own output is shown; what it says applies.
    """

    code = "tool"
    exit_code = 6


class BusyError(ComfyDockError):
    """Another process is working on the same thing right now.

    The message names it. Wait until it has finished, or stop it, and run the command again.
    """

    code = "busy"
    exit_code = 7


class IntegrityError(ComfyDockError):
    """A file is damaged, or is not what it should be. It was left as it is.

    The message names the file, the hint how to mend it. `comfydock doctor` looks for more of the kind.
    """

    code = "integrity"
    exit_code = 8


class CDWorkspaceError(ComfyDockError):
    """Something is wrong with the workspace: it is missing, damaged, or in the way of a new one.

    The message says what; `comfydock doctor` checks the whole workspace.
    """

    code = "workspace"


class CDEnvironmentError(ComfyDockError):
    """Something is wrong with an environment, or with what it is made of.

    The message says what; `comfydock doctor -e NAME` checks the whole environment.
    """

    code = "environment"


class CDNodeConflictError(ComfyDockError):
    """Node packs do not go together, or something is already in the place of one.

    Nothing was changed. The message names what collides; remove or rename one of them, or choose another version.
    """

    code = "node-conflict"
    exit_code = 4


class UVCommandError(ComfyDockError):
    """uv could not do what it was asked to do.

    Its own output is shown; what it says applies.
    """

    code = "uv-command"
    exit_code = 6


class WorkspaceNotFound(NotFoundError, CDWorkspaceError):
    """There is no workspace where ComfyDock looks: at COMFYDOCK_HOME, or at `~/comfydock` without it.

    A directory is a workspace when it holds `.metadata`. `comfydock init` creates one; if yours is elsewhere, set
    COMFYDOCK_HOME to it.
    """

    code = "workspace-not-found"


class WorkspaceExists(ConflictError, CDWorkspaceError):
    """`comfydock init` was to create a workspace where there is one, or in a directory that is not empty.

    Use the workspace as it is, or name another place: `comfydock init PATH`.
    """

    code = "workspace-exists"


class WorkspaceDamaged(IntegrityError, CDWorkspaceError):
    """`.metadata/workspace.json` cannot be read, or is not what ComfyDock writes. It was left as it is.

    The message names the place in the file. Correct it by hand, or restore the file from a backup.
    """

    code = "workspace-damaged"


class EnvironmentNotFound(NotFoundError, CDEnvironmentError):
    """The workspace has no environment of this name.

    `comfydock list` shows those it has. Another workspace may be meant: COMFYDOCK_HOME says which one is used.
    """

    code = "environment-not-found"


class EnvironmentExists(ConflictError, CDEnvironmentError):
    """The name is taken by another environment, or a directory of that name is in the way.

    Choose another name, or free this one: `comfydock rename NAME NEW_NAME`, `comfydock delete NAME`.
    """

    code = "environment-exists"


class EnvironmentIncomplete(IntegrityError, CDEnvironmentError):
    """The environment's directory lacks the marker `.cec/.complete`: it was never finished, or lost the marker since.

    ComfyDock does not touch such a directory. If it is of no use, move it elsewhere and create the environment
    again.
    """

    code = "environment-incomplete"


class NoActiveEnvironment(NotFoundError, CDEnvironmentError):
    """The command needs an environment, and none is active.

    Name one with `-e NAME`, or choose one for all further commands with `comfydock use NAME`.
    """

    code = "no-active-environment"


class InvalidName(ConflictError):
    """The name cannot be used for an environment.

    Names begin and end with an ASCII letter or digit, and have letters, digits, `.`, `_` and `-` in between; they
    are at most 128 characters long. A few words are reserved.
    """

    code = "invalid-name"
    exit_code = 2


class ManifestDamaged(IntegrityError, CDEnvironmentError):
    """An environment's `.cec/pyproject.toml` is missing, unreadable, or not valid TOML. It was left as it is.

    The message names the line. Correct it by hand, or restore the file from the environment's history, which is a
    git repository.
    """

    code = "manifest-damaged"


class SectionNotFound(NotFoundError, CDEnvironmentError):
    """The manifest has no section of this name.

    The hint lists those that it has. Keys that contain dots are quoted: `tool."a.b"`.
    """

    code = "section-not-found"


class FileSystemError(ComfyDockError):
    """The file system refused: there is no space left, no permission, or the place is read-only.

    The message names the place. A change that was interrupted by it is taken back or finished by the next command.
    """

    code = "file-system"
    exit_code = 6


class InvalidSetting(ComfyDockError):
    """A setting, an option or an environment variable has a value that cannot be used.

    The message names it and says why. `comfydock help environment` describes the variables.
    """

    code = "invalid-setting"
    exit_code = 2


class RefNotFound(NotFoundError):
    """The repository has no release, branch or commit of this name.

    The nearest names are listed. Choose one of them, or check that the repository is the right one.
    """

    code = "ref-not-found"


class RefAmbiguous(ConflictError):
    """A name leads to more than one commit: the beginning of several hashes, or a branch and a tag.

    The message lists them. Write more digits, or `heads/NAME` for the branch and `tags/NAME` for the tag.
    """

    code = "ref-ambiguous"


class RefInvalid(ConflictError):
    """What was given as a commit cannot be the name of one.

    Names are `v3`, a branch, a tag, the first four digits of a commit or more, `HEAD~2`, `@{yesterday}`,
    `@{upstream}` and `op:42`. A range is `A..B`.
    """

    code = "ref-invalid"
    exit_code = 2


class NoHistory(NotFoundError, CDEnvironmentError):
    """The environment's definition has no commits to look at: `.cec` is no git repository, or nothing was committed.

    Environments that ComfyDock creates have a first commit. `comfydock doctor` says more.
    """

    code = "no-history"


class HistoryDamaged(IntegrityError, CDEnvironmentError):
    """The git repository of an environment lacks something that the history needs, or it cannot be read.

    `git fsck` in `.cec` tells what. Fetch it again from where it was pushed to, or restore it from a backup.
    """

    code = "history-damaged"


class PatchUnusable(IntegrityError, CDEnvironmentError):
    """A commit holds a patch of ComfyUI or of a node pack that cannot be applied, or that must not be.

    It does not fit the files that it is for, or it wants what no patch may: a place outside of them, a link, more than
    can be taken in. Nothing was changed. Whoever made the commit can make the patch anew: `commit --with-patches`.
    """

    code = "patch-unusable"


class RepositoryNotFound(NotFoundError):
    """What was named as a repository, of ComfyUI or of a node pack, is none, or nothing is at that address.

    Check the address in a browser. A private repository looks the same until git can log in to it.
    """

    code = "repository-not-found"


class PythonNotFound(NotFoundError):
    """uv found no interpreter of the version that was asked for, and could not fetch one.

    Choose another version with `--python`; `uv python list` shows those that uv knows. Offline, only installed ones
    count.
    """

    code = "python-not-found"


class ModelsDirectoryNotFound(NotFoundError):
    """The workspace's models directory is not configured, or does not exist any more.

    Create it or mount its disk again, or correct `global_model_directory` in `.metadata/workspace.json`.
    """

    code = "models-directory-not-found"


class RequirementsConflict(ConflictError, UVCommandError):
    """uv found no set of package versions that meets all requirements. Nothing was changed.

    uv's explanation is shown. Relax or remove one of the requirements that it names.
    """

    code = "requirements-conflict"


class PacksConflict(RequirementsConflict, CDNodeConflictError):
    """Some requirements of node packs, of ComfyUI, of PyTorch or of yours cannot be met together. Nothing was changed.

    The lines that collide are listed, no more than needed: without any one of them the others fit together. Changes
    that were tried and help are listed as well. `comfydock node why-not PACK` tries a pack without adding it.
    """

    code = "packs-conflict"


class UnexpectedDirectory(ConflictError, CDNodeConflictError):
    """A directory with files in it is where ComfyDock wants to put a link. It was left as it is.

    Usually models were saved into it. Move them to the workspace's models directory, and run `comfydock sync`.
    """

    code = "unexpected-directory"


class NetworkUnavailable(RemoteError):
    """A server could not be reached: no network, a name that does not resolve, or a connection that broke.

    Check the network and, behind a proxy, HTTPS_PROXY. What is cached still works with `--offline`.
    """

    code = "network-unavailable"


class OfflineRefused(RemoteError):
    """The command needs the network, and `--offline` forbids it.

    Run it without `--offline`, or fetch what it needs once while there is a network.
    """

    code = "offline"


class AuthenticationFailed(RemoteError):
    """A server wants to know who is asking, or refused the credentials it was given.

    Check the address first: a private repository and one that does not exist look alike. For git set up a
    credential helper or an ssh key, for GitHub's API a GITHUB_TOKEN that is valid.
    """

    code = "authentication-failed"


class RateLimited(RemoteError):
    """A server has had too many requests from this address and answers no more for a while.

    Try again later: most limits are for an hour. GITHUB_TOKEN raises GitHub's limit.
    """

    code = "rate-limited"


class UnusableAnswer(RemoteError):
    """A server answered with an error, or with something that cannot be understood.

    Usually the server has a problem, or a proxy answered in its place. Check the address, and try again later.
    """

    code = "unusable-answer"


class ToolMissing(ToolError):
    """A program that ComfyDock needs, git or uv, is not installed or not on PATH.

    Install it. For a uv in another place set COMFYDOCK_UV to it.
    """

    code = "tool-missing"


class GitFailed(ToolError):
    """git ran and failed.

    Its own output is shown. `comfydock doctor` checks git itself.
    """

    code = "git-failed"


class UvFailed(ToolError, UVCommandError):
    """uv ran and failed.

    Its own output is shown; what it says applies. `--verbose` shows all of it.
    """

    code = "uv-failed"


class NotComfyUI(IntegrityError):
    """The repository holds something other than ComfyUI: `main.py`, `requirements.txt` or `comfy/` is missing.

    Name ComfyUI's own repository with `--comfyui-repository`, or another version of it with `--comfyui`.
    """

    code = "not-comfyui"


class RequirementInvalid(IntegrityError):
    """A line of a requirements file is not a valid requirement.

    The message names the file and the line. Correct it; in a node pack of somebody else, choose another version of
    it.
    """

    code = "requirement-invalid"


class EnvironmentBroken(IntegrityError, CDEnvironmentError):
    """A part of the environment that it cannot run without is missing: its Python or its ComfyUI.

    Somebody removed it, or a disk is not mounted. `comfydock repair` rebuilds the Python; `comfydock doctor` says
    what else can be done.
    """

    code = "environment-broken"


class ScopeBusy(BusyError):
    """Another command is changing the same environment, or the list of environments.

    The message names it. `--wait SECONDS` waits for it. The lock is the system's own and vanishes with its holder,
    so there is nothing to clean up.
    """

    code = "scope-busy"


class RepositoryBusy(BusyError):
    """Another git is changing the environment's history, or was killed while it did.

    The message names git's lock file. Wait until that git has finished; when none is running, remove the file.
    """

    code = "repository-busy"


class RepositoryUnfit(ConflictError):
    """The history of the environment is in the middle of something that git alone can finish, or is not where it was.

    Finish or abort the merge, rebase or the like with git in `.cec`, then run the command again.
    """

    code = "repository-unfit"


class NotReproducible(ConflictError):
    """With `--strict` nothing is committed that cannot be rebuilt elsewhere, and something cannot.

    All of it is listed: code that is on this machine alone, changed files, packages without hashes, models without a
    source. Without `--strict` it is committed, and the commit says what it lacks.
    """

    code = "not-reproducible"


class UncommittedWork(ConflictError, CDEnvironmentError):
    """Going elsewhere in the history would overwrite work that is not committed, or a push would leave it out.

    All of it is listed. Commit it, or let the command keep it with `--stash`, or drop it with `--discard`; `undo`
    brings that back, too. Code of node packs and of ComfyUI is not stashed: commit it in its own repository.
    """

    code = "uncommitted-work"


class RefExists(ConflictError):
    """There is a branch or a tag of this name already, or the name means something else.

    Choose another name, or delete the one that is there.
    """

    code = "ref-exists"


class BranchInUse(ConflictError):
    """The branch is the one that the environment is on, so it cannot be deleted.

    `comfydock switch` to another branch first.
    """

    code = "branch-in-use"


class BranchUnmerged(ConflictError):
    """The branch has commits that no other branch or tag leads to; deleting it would lose them.

    Merge it first, or delete it with `--force`.
    """

    code = "branch-unmerged"


class StashNotFound(NotFoundError):
    """There is no stash of this number, or none at all.

    `comfydock stash list` shows those that there are.
    """

    code = "stash-not-found"


class RemoteNotFound(NotFoundError):
    """The environment's history has no remote of this name, or none at all; the branch may follow one that is gone.

    `comfydock remote list` shows those that it has, `comfydock remote add NAME URL` adds one, and a branch whose remote
    is gone follows the one that it is pushed to.
    """

    code = "remote-not-found"


class RemoteExists(ConflictError):
    """The environment's history has a remote of this name already.

    Choose another name, or remove or rename the one that is there.
    """

    code = "remote-exists"


class RemoteInvalid(ConflictError):
    """The name or the address of a remote cannot be used.

    Names are letters, digits, `.`, `_` and `-`, such as `origin`. Addresses are those that git knows: `https://`,
    `ssh://`, `HOST:PATH` for ssh, `git://`, `file://`, or the path of a repository on this machine.
    """

    code = "remote-invalid"
    exit_code = 2


class HostKeyRefused(RemoteError):
    """ssh does not know the key of a server, or the server has another key than before, so nothing was sent to it.

    A new key can mean that somebody stands between you and the server. Compare it with what the server's owner
    publishes; then `ssh-keyscan` and `ssh-keygen -R HOST` bring `known_hosts` up to date, or connect once by ssh.
    """

    code = "host-key-refused"


class PushRejected(ConflictError):
    """A branch was not pushed, because the remote has commits of it that are not here, or a tag that leads elsewhere.

    `comfydock pull` unites both sides; then push again. Nothing there was overwritten.
    """

    code = "push-rejected"


class PushDeclined(RemoteError):
    """The remote received a push and refused it: a rule of its owner, such as a protected branch or a hook.

    What it answered is shown. Push to another branch, or ask whoever owns the repository.
    """

    code = "push-declined"


class LeaseStale(ConflictError):
    """A forced push was refused, because the remote's branch is no longer what was last seen of it.

    Somebody pushed meanwhile. `comfydock fetch` gets it; look at what is there before it is replaced.
    """

    code = "lease-stale"


class HistoryShallow(ConflictError):
    """A history was cut off when it was cloned, here or at the remote, and what is needed of it is missing.

    `comfydock fetch` completes the one here, where its remote has all. A remote that is cut off itself has to be
    completed there: `git fetch --unshallow`.
    """

    code = "history-shallow"


class OnNoBranch(ConflictError):
    """The environment is on no branch, and the command is about the one that it is on.

    `comfydock switch NAME` goes to a branch, `comfydock switch -c NAME` makes one of what is there.
    """

    code = "on-no-branch"


class OperationUnfinished(BusyError):
    """An earlier change was interrupted, and `--no-settle` forbids settling it.

    Without `--no-settle` the next command that changes something settles it. `comfydock operation resume` finishes
    it, `comfydock operation undo` takes it back.
    """

    code = "operation-unfinished"


class ChangedMeanwhile(ConflictError):
    """What a plan was made for has changed before it could be carried out. Nothing was done.

    Another program or a person was faster. Run the command again: it plans anew.
    """

    code = "changed-meanwhile"


class OperationNotFound(NotFoundError):
    """There is no operation of this number, or none that could be undone.

    `comfydock operation list` shows them; `-e NAME` those of one environment. Old ones are removed in time.
    """

    code = "operation-not-found"


class NotUndoable(ConflictError):
    """The operation cannot be undone, because what it put in place was changed, moved or freed since.

    Undo the later changes first, the newest one first: `comfydock operation list` shows them. What was pruned is
    gone.
    """

    code = "not-undoable"


class OperationDamaged(IntegrityError):
    """An operation was interrupted, and since then somebody changed what it was working on.

    Nothing was overwritten. The message names the place; `comfydock operation show ID` lists where both versions
    are, so that you can keep the right one.
    """

    code = "operation-damaged"


class AcrossFileSystems(ConflictError):
    """A name that a change must swap lies on another file system than its environment: a mount or a link elsewhere.

    Changes are made by renaming, which works within one file system only. Keep an environment on one file system,
    with nothing mounted inside.
    """

    code = "across-file-systems"


class LockOutdated(ConflictError, CDEnvironmentError):
    """The manifest and `uv.lock` do not belong together, so nothing is installed from them.

    The manifest was changed by hand or by a merge. `comfydock sync --relock` resolves the packages again.
    """

    code = "lock-outdated"


class LockDamaged(IntegrityError, CDEnvironmentError):
    """`uv.lock` is missing, unreadable, or not what uv writes. It was left as it is.

    Restore the file from the environment's history, or make it anew with `comfydock sync --relock`.
    """

    code = "lock-damaged"


class BackendNotFound(NotFoundError):
    """The package index has no PyTorch for this back end, or the address holds no such index.

    Choose another back end: `comfydock env-config torch-backend detect` shows which one fits this machine. Old
    releases of PyTorch lack newer back ends.
    """

    code = "backend-not-found"


class BackendNotLocked(NotFoundError, CDEnvironmentError):
    """The environment has no lock of PyTorch for this back end: `backends/BACKEND/pylock.toml` is missing.

    `comfydock backend lock BACKEND` makes it.
    """

    code = "backend-not-locked"


class BackendPartRefused(IntegrityError, CDEnvironmentError):
    """The lock of PyTorch for a back end cannot be used.

    It is damaged, belongs to another release of PyTorch, repeats packages of `uv.lock`, or has files without
    hashes. `comfydock backend check` says which, `comfydock backend lock BACKEND` makes it anew.
    """

    code = "backend-part-refused"


class PackagesInconsistent(ConflictError, CDEnvironmentError):
    """The locked packages do not fit together: uv's check after the installation found packages that collide.

    The lock was changed by hand or merged. Lock again what differs: `comfydock sync --relock` does it for all
    packages, `comfydock backend lock BACKEND` for PyTorch.
    """

    code = "packages-inconsistent"


class HashMismatch(IntegrityError, UVCommandError):
    """A package that was fetched is not the one that was locked. It was not installed.

    The download is damaged, or somebody replaced the file on the index. Run the command again; if it fails again,
    find out what changed on the index before you lock the package anew.
    """

    code = "hash-mismatch"


class HashMissing(IntegrityError):
    """The lock has no hash for a file of a package, so that it could not be checked when it arrives.

    Nothing was installed. PyPI publishes hashes; some private indexes do not. Take the package from one that does,
    or accept single packages by `unhashed` under `[tool.comfydock]` in the manifest.
    """

    code = "hash-missing"


class IndexChanged(ConflictError, UVCommandError):
    """A package that is locked from one index could only be had from another one now, which nobody asked for.

    A package of the same name elsewhere may be somebody else's, so nothing was changed. Usually the setting is
    missing that names the index, such as UV_INDEX or an index in the manifest.
    """

    code = "index-changed"


class MergeRefused(IntegrityError):
    """One of the versions of a file that git is merging is not what ComfyDock or uv write. Nothing was merged.

    Repair that version and commit it, or take one side whole; for `uv.lock` run `comfydock sync --relock`
    afterwards.
    """

    code = "merge-refused"


class MergeUndecided(ConflictError, CDEnvironmentError):
    """Both sides of a merge changed the same thing, and nobody said which counts. Nothing was merged.

    Every question is listed with both answers. `--take NAME=mine` or `--take NAME=theirs` answers one, and
    `--auto-resolve mine` or `theirs` all that are left.
    """

    code = "merge-undecided"


class QuestionUnknown(NotFoundError):
    """A merge was given an answer to a question that it does not have.

    `--preview` lists its questions with their names.
    """

    code = "question-unknown"


class NothingInCommon(ConflictError):
    """Two histories have no commit in common, so that nothing tells what either side changed.

    Such a history is that of another environment; `comfydock create NAME --template FILE` makes one like it.
    """

    code = "nothing-in-common"


class NothingToBisect(ConflictError, CDEnvironmentError):
    """A bisection needs a good commit and a later bad one, and one of the two is not what it was said to be.

    What was found of it is in the message. Name other commits with `--good` and `--bad`, or try another probe.
    """

    code = "nothing-to-bisect"


class VenvIncomplete(IntegrityError, CDEnvironmentError):
    """uv reported success, but files of packages that it installed are missing or have another size.

    The environment was left as it was. Usually a download in uv's cache is damaged: run the command again; if that
    does not help, remove `uv_cache` from the workspace, which is filled again.
    """

    code = "venv-incomplete"


class PortInUse(BusyError, CDEnvironmentError):
    """Another program listens on the port that ComfyUI is to use.

    Choose another one with `comfydock run --port N`, or stop that program.
    """

    code = "port-in-use"


class EnvironmentInUse(BusyError, CDEnvironmentError):
    """ComfyUI of this environment is running, and the change would take files away from under it.

    Stop it, for example with `comfydock run --stop`. `--while-running` goes ahead all the same.
    """

    code = "environment-in-use"


class EnvironmentChanging(BusyError, CDEnvironmentError):
    """Another command is changing the environment, so its ComfyUI cannot be started now.

    Wait until that command has finished; the message names it.
    """

    code = "environment-changing"


class ComfyUIEnded(ToolError, CDEnvironmentError):
    """ComfyUI was started in the background and ended before it served.

    The last lines of its output are shown; `comfydock run --logs` shows all of it. `comfydock node verify` finds
    node packs that cannot be imported.
    """

    code = "comfyui-ended"


class TemplateNotFound(NotFoundError):
    """There is no file of that name to create an environment from.

    `--template` takes the `pyproject.toml` of an environment or a bundle (`.tar.gz`). Check the path.
    """

    code = "template-not-found"


class TemplateDamaged(IntegrityError):
    """The file is neither an environment's manifest nor a bundle that holds one, or the bundle is not safe to unpack.

    The message says what is wrong with it. Get the file again from where it came from.
    """

    code = "template-damaged"


class BundleDamaged(TemplateDamaged):
    """A bundle is damaged, was changed since it was made, or holds what no bundle may hold.

    Every member of a bundle of ComfyDock is listed in it with its digest. Nothing was done with it. Ask for it once
    more, from somebody whom you trust.
    """

    code = "bundle-damaged"


class SignatureRefused(IntegrityError):
    """A bundle is not signed by somebody whom you trust, although it has to be.

    It has no signature, one by a key that is not among the signers, or one of other content. `--signers` names a file
    of those who may sign, as `ssh-keygen` describes it under "ALLOWED SIGNERS".
    """

    code = "signature-refused"


class SigningFailed(ToolError):
    """`ssh-keygen` could not sign or verify a bundle.

    Its own output is shown. A key with a passphrase has to be in the agent: `ssh-add` puts it there.
    """

    code = "signing-failed"


class ExportRefused(ConflictError):
    """An environment cannot be exported as it is: somebody else could not rebuild it, or a file is in the way.

    Nothing was written. `--allow-issues` exports what workflows lack and models without a source all the same, and
    the bundle says so.
    """

    code = "export-refused"


class PacksUnobtainable(NotFoundError):
    """Node packs that the manifest names cannot be had: no source is known for them, or it lacks them.

    Often they are under development on another machine. `--keep-going` goes on without them.
    """

    code = "packs-unobtainable"


class PackagesUnobtainable(NotFoundError):
    """A locked Python package lies on this machine only, so nobody else can have it.

    Publish it to an index, or lock a wheel of it instead of a directory.
    """

    code = "packages-unobtainable"


class InstallationNotFound(NotFoundError):
    """The directory holds no ComfyUI: neither `main.py` and `comfy/`, nor a folder `ComfyUI` with them.

    Name the directory that ComfyUI is started from, or the portable folder around it.
    """

    code = "installation-not-found"


class PackNotFound(NotFoundError):
    """No source has a node pack of this name, or the environment has none.

    Near names are listed. `comfydock node search WORDS` looks for one; `comfydock node list` shows those of the
    environment.
    """

    code = "pack-not-found"


class ModelPathsInvalid(IntegrityError, CDEnvironmentError):
    """An `extra_model_paths.yaml` is not what ComfyUI takes, and ComfyUI does not start with it. It was left as it is.

    The message names the line. Sections have a name, `base_path:` and folders like `loras: models/Lora`; a folder with
    several paths has one a line below `loras: |`.
    """

    code = "model-paths-invalid"


class ModelRootNotFound(NotFoundError, CDEnvironmentError):
    """No section of the environment's `extra_model_paths.yaml` has this name or this directory.

    `comfydock model root list` shows the directories of models that ComfyUI of an environment reads.
    """

    code = "model-root-not-found"


class ModelRootRefused(ConflictError, CDEnvironmentError):
    """A directory cannot be added to, or taken from, the directories of models that ComfyUI reads. Nothing was changed.

    It has no folder that ComfyUI knows, ComfyUI reads it already, or the file is written in a way that only its author
    can change. The message says which.
    """

    code = "model-root-refused"


class PackVersionNotFound(NotFoundError):
    """The node pack exists, but not in this version, branch or commit.

    Choose one of those that are listed, or leave the version out to get the newest.
    """

    code = "pack-version-not-found"


class PackExists(ConflictError, CDNodeConflictError):
    """The environment has this node pack already, or a directory of its name is in the way. It was left as it is.

    `comfydock node update` brings it to another version. What lies there without being tracked is taken over with
    `comfydock node add NAME --dev`, or has to be moved.
    """

    code = "pack-exists"


class PackRefused(ConflictError):
    """The node pack should not be added as it is.

    Its version was banned, flagged or deprecated, or the workspace's policy refuses what its code does. Choose
    another version, or look at the code and add it with `--force`.
    """

    code = "pack-refused"


class ArchiveRefused(IntegrityError):
    """An archive is damaged, leads out of its directory, holds links or devices, or is far larger than it should be.

    Nothing of it was kept. Choose another version of the node pack, or take it from its git repository.
    """

    code = "archive-refused"


class DigestMismatch(IntegrityError):
    """What was fetched is not what was recorded when it was added first. It was not used.

    Somebody replaced the release, or the download is damaged. Look at what changed before you trust it; to accept
    it, remove the node pack and add it again.
    """

    code = "digest-mismatch"


class MirrorNotFound(NotFoundError):
    """The directory is not a mirror, or does not exist.

    `comfydock mirror export DIR` makes one, on a machine that has the environments and a network.
    """

    code = "mirror-not-found"


class MirrorDamaged(IntegrityError):
    """Something in a mirror is not what `mirror.json` lists: changed, missing or additional; or that file is damaged.

    Nothing of what is wrong was used. Copy the mirror once more from where it was made, or let
    `comfydock mirror export DIR` complete it there.
    """

    code = "mirror-damaged"


class MirrorRefused(ConflictError):
    """A mirror cannot be made in this directory, because there is something else in it. Nothing was changed.

    Choose a directory that is empty, or does not exist yet.
    """

    code = "mirror-refused"


class ReleaseNotFound(NotFoundError):
    """There is no release of ComfyDock that fits: none of this version, or none for this kind of machine.

    `comfydock self update` takes the newest, `--to VERSION` any other. `COMFYDOCK_RELEASE_URL` names another place to
    look at: a directory or an address with `SHA256SUMS` and archives.
    """

    code = "release-not-found"


class ReleaseBroken(IntegrityError):
    """A release of ComfyDock was fetched whole and does not start on this machine.

    The version in use stays. `comfydock self update --to VERSION` installs another release; on a system that is too old
    for the releases, `pip install comfydock-cli` installs ComfyDock as a Python package.
    """

    code = "release-broken"


class ProgramNotInstalled(ConflictError):
    """ComfyDock cannot update or remove itself, because its installer did not put it where it is.

    What was installed with pip, pipx or uv is updated and removed with that; an unpacked archive is replaced by hand.
    """

    code = "program-not-installed"


class ProgramInUse(BusyError):
    """ComfyDock cannot be removed while it runs: as another command, or to watch a ComfyUI in the background.

    `comfydock run --stop -e NAME` stops a ComfyUI; other commands end by themselves. Then run the command again.
    """

    code = "program-in-use"


class NodeDataMissing(NotFoundError):
    """The command needs the lists of known node packs, which have not been fetched yet.

    `comfydock registry update` fetches them; from then on the command works offline.
    """

    code = "node-data-missing"


class ModelIndexDamaged(IntegrityError):
    """The index of models cannot be read, or is that of a newer ComfyDock.

    The models themselves are not concerned. A new index knows all files again after `comfydock model index sync`, but
    not the sources that only the old one had.
    """

    code = "model-index-damaged"


class ModelNotFound(NotFoundError):
    """No model of this name, path or digest is indexed or asked for, or several are and one is needed.

    `comfydock model index find WORDS` searches the index, `comfydock model index sync` brings it up to date.
    `comfydock workflow model list WORKFLOW` shows the models that a workflow asks for.
    """

    code = "model-not-found"


class ReferencesUnreadable(IntegrityError):
    """Something that may refer to model files cannot be read, so that none can be called unneeded.

    Nothing was taken away. The message names the place: a history that is damaged, a workflow or a directory without
    permission, a link to a disk that is not there. Make it readable and run the command again.
    """

    code = "references-unreadable"


class WorkflowNotFound(NotFoundError):
    """The environment has no workflow of this name, and there is no such file.

    `comfydock workflow list` shows the workflows that an environment has. Files are named by their path.
    """

    code = "workflow-not-found"


class WorkflowNodeNotFound(NotFoundError):
    """A workflow has no node, or a node no input, of this name.

    A node is named by its number, as in `12` or, within a subgraph, `12:7`, by its title, or by its class; an input by
    the node and its name, as in `12.steps`. `comfydock workflow show WORKFLOW` shows the nodes with their inputs.
    """

    code = "workflow-node-not-found"


class WorkflowNodeAmbiguous(ConflictError):
    """Several nodes of a workflow have this title or class.

    The hint lists their numbers, by which each can be named.
    """

    code = "workflow-node-ambiguous"


class ClassNotFound(NotFoundError):
    """No workflow of the environment uses a node class of this name, or no node pack was chosen for it.

    Names of classes are those that the editor shows as the node's type, with their case. `comfydock workflow node list`
    shows what was chosen, with a workflow also the classes that it uses.
    """

    code = "class-not-found"


class WorkflowUnreadable(IntegrityError):
    """A file is no workflow, holds none, or is damaged. It was left as it is.

    Workflows are what the editor saves or exports for the API, and the pictures, videos, sounds and 3D files that
    ComfyUI made, as long as nothing has removed what it wrote into them.
    """

    code = "workflow-unreadable"


class WorkflowLockDamaged(IntegrityError, CDEnvironmentError):
    """A lock in `.cec/workflow-locks` cannot be read, or a newer ComfyDock made it. It was left as it is.

    The message says where. Restore the file from the environment's history, or remove it and run
    `comfydock workflow lock NAME` again.
    """

    code = "workflow-lock-damaged"


class WorkflowNotWritable(ConflictError):
    """A lock cannot be written into this file: it is no graph that the editor saved as JSON. It was left as it is.

    Pictures and other results, and what was exported for the API, take none. Open them in the editor and save them as
    a workflow, or lock without `--embed`.
    """

    code = "workflow-not-writable"


class PackageNotFound(NotFoundError):
    """The manifest asks for no Python package, group or constraint of this name, or no index has the package.

    `comfydock py list` and `comfydock constraint list` show what there is. Packages that something else brought
    along are not yours to remove; `comfydock node why NAME` says who needs one.
    """

    code = "package-not-found"


class PackageChangeRefused(ConflictError):
    """With `--strict` nothing may change packages that are locked already, and this would.

    The changes are listed. Run the command without `--strict` to allow them.
    """

    code = "package-change-refused"


class PackageRefused(ConflictError):
    """A Python package, a group or a constraint is not yours alone to change in this way.

    It belongs to ComfyUI, to a node pack, or to the release of PyTorch that all machines share. The message says
    which, the hint what to do instead.
    """

    code = "package-refused"


class InstallScriptFailed(ToolError):
    """A node pack's `install.py`, which `--run-install-script` runs, failed. Nothing was changed.

    Its output is shown. Without `--run-install-script` the pack is added without running it.
    """

    code = "install-script-failed"


class WorkflowsMissing(ConflictError):
    """`comfydock node prune` was to judge by the workflows, and the environment has none, so that no pack would stay.

    Save the workflows that matter in ComfyUI first. `--force` goes on without any.
    """

    code = "workflows-missing"


class PacksNotImported(IntegrityError, CDNodeConflictError):
    """ComfyUI was started to see whether node packs can be imported, and some cannot.

    The message has the reason that ComfyUI gives for each. Often a Python package is missing that the pack does not
    ask for: `comfydock py add PACKAGE` adds it.
    """

    code = "packs-not-imported"


class PackHasChanges(ConflictError, CDNodeConflictError):
    """Files of the node pack were changed by hand, and what was asked for would take the changes away.

    Save them elsewhere, or go ahead with `--force`: the old directory is kept until later operations push it out,
    and `comfydock undo` brings it back.
    """

    code = "pack-has-changes"


class ModelExists(ConflictError):
    """A file of another content, or of one that is not known, has the name that a model was to get.

    It was left as it is. Name another place with `--to FOLDER/NAME`. With `--sha256` a file that is there is compared,
    and nothing is downloaded when it is the right one.
    """

    code = "model-exists"


class ModelMismatch(IntegrityError):
    """What was downloaded, or what the server offers, is not the file that was expected: its size or digest differs.

    It did not get its name. Try again, for the download may have been damaged; if it stays so, the file was replaced at
    that address.
    """

    code = "model-mismatch"


class ModelNotOffered(NotFoundError):
    """The server has no such file: the address is wrong, or whoever published the model took it back.

    Look at its page with a browser. `comfydock model search-source MODEL` finds other places by content.
    """

    code = "model-not-offered"


class ModelGated(AuthenticationFailed):
    """The server gives the model only to those who have logged in, and accepted its terms or bought access.

    The message names the page to visit. A token says who you are: HF_TOKEN for Hugging Face, CIVITAI_API_TOKEN or
    `comfydock config --civitai-key -` for Civitai.
    """

    code = "model-gated"


class PlaceUnclear(ConflictError):
    """It is not clear in which of the model folders a file belongs, or under which name.

    `--to FOLDER` names the folder below the models directory, `--to FOLDER/NAME` the name as well.
    """

    code = "place-unclear"
    exit_code = 2


class DownloadBusy(BusyError):
    """Another command is downloading the same file right now.

    `comfydock download list` shows it. Wait for it, or stop it with `comfydock download pause`.
    """

    code = "download-busy"


class DownloadPaused(ConflictError):
    """`comfydock download pause` stopped this download while it was under way.

    What came is kept; `comfydock download resume` goes on with it.
    """

    code = "download-paused"


class DownloadNotFound(NotFoundError):
    """No download of this identifier or name is under way or paused.

    `comfydock download list` shows those that are. Finished ones are not kept in the list.
    """

    code = "download-not-found"
