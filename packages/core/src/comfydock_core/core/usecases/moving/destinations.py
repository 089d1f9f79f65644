"""Where the commands that go elsewhere in the history lead to."""

import re

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.moving.reference_names import refuse_taken_branch
from comfydock_core.integrations.git import queries
from comfydock_core.integrations.git.committing import commit_tree
from comfydock_core.integrations.git.queries import HEAD, SYMBOLIC
from comfydock_core.integrations.git.trees import tree_of
from comfydock_core.models.commit import SHORT, Reference
from comfydock_core.models.exceptions import NoHistory, RefInvalid, RefNotFound
from comfydock_core.models.history.moving import Destination, MoveRequest
from comfydock_core.models.operation import RefChange
from comfydock_core.repositories.history.revisions import Revisions
from comfydock_core.utils.text import did_you_mean, nearest

_DEFINITION = ".cec"
_BRANCHES = "refs/heads/"
_SHOWN = 10
_NUMBER = re.compile(r"v[0-9]+", re.ASCII)
_BEFORE = re.compile(r"-|@\{-[0-9]{1,4}\}", re.ASCII)


class Destinations:
    """The places of one environment's history. Methods raise `NoHistory`, `GitFailed` beside what they say."""

    def __init__(self, layout: EnvironmentLayout, services: WorkspaceServices) -> None:
        self._layout = layout
        self._services = services
        self._revisions = Revisions(layout)
        self._head = queries.ref_value(layout.definition, HEAD)

    def of(self, request: MoveRequest) -> Destination:
        """Where a request leads. Raises `RefInvalid`, `RefNotFound`, `RefAmbiguous`, `RefExists`."""
        if request.new_branch is not None:
            return self._new_branch(request, request.new_branch)
        ways = {"checkout": self._checkout, "switch": self._switch, "reset": self._reset, "rollback": self._rollback,
                "stash": self._stay}  # fmt: skip
        return ways[request.command](request)

    def _checkout(self, request: MoveRequest) -> Destination:
        """A branch is what the environment is on then; any other name leads to its commit, on no branch."""
        ref = self._named_before(_named(request))
        branch = self._branch(ref)
        if branch is not None:
            return self._on_branch(request.command, branch)
        commit = self._commit(ref)
        return Destination(request.command, self._label(ref, commit), commit, self._head_to(commit))

    def _switch(self, request: MoveRequest) -> Destination:
        name = self._named_before(request.ref or "")
        branch = self._branch(name)
        if branch is not None:
            return self._on_branch(request.command, branch)
        branches = [one.name for one in self._revisions.references if one.kind == "branch"]
        near = nearest(name, branches, limit=3)
        hint = did_you_mean(near) if near else f"`-c {name}` makes it"
        if any(one.kind == "remote" and one.name.endswith(f"/{name}") for one in self._revisions.references):
            hint = f"`comfydock switch -c {name} origin/{name}` makes it from the remote's"
        elif self._is_commit(name):
            hint = f"it is a commit: `comfydock checkout {name}` goes there, on no branch"
        raise RefNotFound(f"the history has no branch `{name}`", hint=hint, context={"ref": name, "branches": branches})

    def _new_branch(self, request: MoveRequest, name: str) -> Destination:
        refuse_taken_branch(self._layout, name)
        commit = self._commit(_named(request))
        made = RefChange(_DEFINITION, f"{_BRANCHES}{name}", None, commit)
        refs = (made, *self._head_to(f"{SYMBOLIC}{_BRANCHES}{name}"))
        return Destination(request.command, f"the new branch {name}", commit, refs)

    def _reset(self, request: MoveRequest) -> Destination:
        commit = self._commit(_named(request))
        return Destination(request.command, self._label(_named(request), commit), commit, self._tip_to(commit))

    def _rollback(self, request: MoveRequest) -> Destination:
        """A new commit with the files of an earlier one: the history grows. Without a name, the last commit."""
        head = self._commit(HEAD)
        if request.ref is None:
            return Destination(request.command, "the last commit", head)
        commit = self._commit(request.ref)
        label = self._label(request.ref, commit)
        tree = tree_of(self._layout.definition, commit)
        if tree == tree_of(self._layout.definition, head):
            return Destination(request.command, label, head)
        if request.rehearsal:
            return Destination(request.command, label, commit, self._tip_to(commit))
        git = self._services.environment(self._layout).git
        made = commit_tree(self._layout.definition, tree, [head], f"Rollback to {label}", git.identity_variables)
        return Destination(request.command, label, made, self._tip_to(made))

    def _stay(self, request: MoveRequest) -> Destination:
        return Destination(request.command, "the last commit", self._commit(HEAD))

    def _on_branch(self, command: str, branch: Reference) -> Destination:
        head = self._head_to(f"{SYMBOLIC}{_BRANCHES}{branch.name}")
        return Destination(command, f"the branch {branch.name}", branch.commit, head)

    def _head_to(self, value: str) -> tuple[RefChange, ...]:
        return () if value == self._head else (RefChange(_DEFINITION, HEAD, self._head, value),)

    def _tip_to(self, commit: str) -> tuple[RefChange, ...]:
        """The branch that the environment is on goes there, or `HEAD` itself when it is on none."""
        if self._head is None or not self._head.startswith(SYMBOLIC):
            return self._head_to(commit)
        head = self._commit(HEAD)
        branch = self._head.removeprefix(SYMBOLIC)
        return () if head == commit else (RefChange(_DEFINITION, branch, head, commit),)

    def _commit(self, name: str) -> str:
        try:
            return self._revisions.commit(name)
        except RefNotFound as error:
            self._tell_way_back(name, error)
            raise

    def _tell_way_back(self, name: str, error: RefNotFound) -> None:
        """Numbers count the commits up to where the environment is: later ones have none until it is on a branch."""
        if not _NUMBER.fullmatch(name) or self._head is None or self._head.startswith(SYMBOLIC):
            return
        left = queries.branch_before(self._layout.definition, "@{-1}")
        if left is not None and self._branch(left) is not None:
            error.hint = f"{error.hint}, up to where it is now: `comfydock switch {left}` goes to the end of `{left}`"

    def _is_commit(self, name: str) -> bool:
        try:
            return self._revisions.resolve(name).commit is not None
        except (RefNotFound, RefInvalid, NoHistory):
            return False

    def _branch(self, name: str) -> Reference | None:
        """The branch of a name, which may be written as `heads/NAME` to tell it from a tag."""
        known = {one.name: one for one in self._revisions.references if one.kind == "branch"}
        return known.get(name) or known.get(name.removeprefix("heads/"))

    def _named_before(self, name: str) -> str:
        """The branch that was left last, for `-` and `@{-1}`, as with git; any other name as it is."""
        if not _BEFORE.fullmatch(name):
            return name
        asked = "@{-1}" if name == "-" else name
        found = queries.branch_before(self._layout.definition, asked)
        if found is None:
            raise RefNotFound(
                "there is no branch that was left before this one",
                hint="`comfydock branch` lists the branches",
                context={"ref": name},
            )
        return found

    def _label(self, name: str, commit: str) -> str:
        number = self._revisions.number_of(commit)
        short = commit[:SHORT]
        if number is not None:
            return f"v{number}"
        return short if name.startswith(short) or commit.startswith(name) else f"{name} ({short})"


def _named(request: MoveRequest) -> str:
    return HEAD if request.ref is None else request.ref
