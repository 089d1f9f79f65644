"""`node add`, `remove`, `update`, `prune`, `enable`, `disable`, `dev-link`, `why-not` and `list`."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.node_formatter import (
    changed,
    declined,
    fitting,
    listed,
    pack_names,
    plan_facts,
    planned_packs,
)
from comfydock_cli.planned_change import Ask, Views, plan_and_change
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.ui.numbering import NumberedReporter
from comfydock_cli.ui.progress import make_reporter
from comfydock_core.core.workspace import Workspace
from comfydock_core.factories.workspace_factory import find_workspace
from comfydock_core.models.operation import Initiator
from comfydock_core.models.packages.syncing import SyncOutcome
from comfydock_core.models.packs.pack_changes import PackOptions, PackPlan, PackRequest
from comfydock_core.models.protocols import Reporter


def add(context: Context, arguments: Arguments) -> Result:
    """Add packs, all of them or none."""
    words = tuple(arguments.words("pack"))
    name = arguments.text("name")
    request = PackRequest("add", words, _options(arguments), development=arguments.flag("dev"), name=name)
    return _change(context, arguments, request)


def remove(context: Context, arguments: Arguments) -> Result:
    """Remove packs."""
    words = tuple(arguments.words("pack"))
    return _change(
        context, arguments, PackRequest("remove", words, _options(arguments), untrack=arguments.flag("untrack"))
    )


def update(context: Context, arguments: Arguments) -> Result:
    """Update the packs that are named, or all."""
    words = tuple(arguments.words("pack"))
    if bool(words) == arguments.flag("all"):
        raise UsageError(
            "`comfydock node update` needs PACK or `--all`" if not words else "`--all` and PACK cannot be combined",
            hint="for example `comfydock node update --all`",
        )
    excluded = _names(arguments.text("except"))
    if excluded and words:
        raise UsageError(
            "`--except` goes with `--all`", hint="name the packs to update, or give `--all` with `--except`"
        )
    return _change(context, arguments, PackRequest("update", words, _options(arguments), excluded=excluded))


def enable(context: Context, arguments: Arguments) -> Result:
    """Turn packs on."""
    words = tuple(arguments.words("pack"))
    return _change(context, arguments, PackRequest("enable", words, _options(arguments)))


def disable(context: Context, arguments: Arguments) -> Result:
    """Turn packs off."""
    words = tuple(arguments.words("pack"))
    return _change(context, arguments, PackRequest("disable", words, _options(arguments)))


def dev_link(context: Context, arguments: Arguments) -> Result:
    """Link a checkout."""
    request = PackRequest(
        "dev-link", options=_options(arguments), path=arguments.word("path"), name=arguments.text("name")
    )
    return _change(context, arguments, request)


def prune(context: Context, arguments: Arguments) -> Result:
    """Remove what no workflow needs, after asking."""
    request = PackRequest("prune", _names(arguments.text("exclude")), _options(arguments))
    return _change(context, arguments, request, ask=True)


def why_not(context: Context, arguments: Arguments) -> Result:
    """Whether packs would fit; a conflict is an error as it is for `node add`."""
    words = tuple(arguments.words("pack"))
    workspace = find_workspace(offline=context.offline)
    name = workspace.environment(context.environment_name).name
    with make_reporter(context) as reporter:
        return fitting(workspace.packs.plan(name, PackRequest("add", words, _options(arguments)), reporter))


def list_packs(context: Context, arguments: Arguments) -> Result:
    """The packs of the manifest."""
    environment = context.environment
    return listed(environment.packs(), environment.noted_running())


def _change(context: Context, arguments: Arguments, request: PackRequest, *, ask: bool = False) -> Result:
    views = Views(planned_packs, plan_facts, changed, Ask(_question, declined) if ask else None)
    return plan_and_change(context, arguments, _Numbered, request, views)


class _Numbered:
    """The packs of a workspace; while several are planned, each step says which of them it belongs to."""

    def __init__(self, workspace: Workspace) -> None:
        self._packs = workspace.packs

    def plan(self, name: str | None, request: PackRequest, reporter: Reporter, /) -> PackPlan:
        numbered = NumberedReporter(reporter)
        return self._packs.plan(name, request, numbered, callbacks=numbered)

    def change(self, plan: PackPlan, initiator: Initiator, reporter: Reporter, /) -> SyncOutcome:
        return self._packs.change(plan, initiator, reporter)


def _question(plan: PackPlan) -> str:
    return f"remove {pack_names(plan)}?"


def _names(listed: str | None) -> tuple[str, ...]:
    """Names with commas between."""
    return tuple(name.strip() for name in (listed or "").split(",") if name.strip())


def _options(arguments: Arguments) -> PackOptions:
    given = dict(arguments.items())
    return PackOptions(
        force=bool(given.get("force")),
        test=not given.get("no_test"),
        strict=bool(given.get("strict")),
        keep_going=bool(given.get("keep_going")),
        run_install_script=bool(given.get("run_install_script")),
        verify=bool(given.get("verify")),
    )
