"""Downloads in words."""

from collections.abc import Sequence

from comfydock_cli.cli_utils import Result
from comfydock_cli.formatters.columns import aligned
from comfydock_cli.ui.progress import amount
from comfydock_core.models.model_files.downloads import (
    DownloadOutcome,
    DownloadPlan,
    DownloadResult,
    KeptDownload,
)
from comfydock_core.models.shared import ModelSourceResult


def planned_downloads(plans: Sequence[DownloadPlan]) -> Result:
    """What would be downloaded, and what there is room for."""
    lines = [line for plan in plans for line in _plan_lines(plan)]
    free = min((plan.free for plan in plans), default=0)
    needed = sum((plan.request.size or 0) - plan.done for plan in plans if plan.fetches)
    lines.append(f"to fetch: {amount(needed, 'bytes')}; free: {amount(free, 'bytes')}")
    data = {
        "plan": [{"target": plan.request.path, "detail": plan.request.urls[0], **plan.as_dict()} for plan in plans],
        "fetch_bytes": needed,
        "disk_free": free,
    }
    return Result(data, "".join(f"{line}\n" for line in lines))


def downloaded(outcomes: Sequence[DownloadOutcome], seconds: float) -> Result:
    """What became of downloads. A single failure is raised as the error it is."""
    errors = [outcome.error for outcome in outcomes if outcome.error is not None]
    if errors and len(outcomes) == 1:
        raise errors[0]
    results = [outcome.result for outcome in outcomes if outcome.result is not None]
    data = {
        "downloads": [result.as_dict() for result in results],
        "failed": [
            {"path": outcome.request.path, "url": outcome.request.urls[0], "code": outcome.error.code,
             "message": outcome.error.message, "hint": outcome.error.hint}
            for outcome in outcomes if outcome.error is not None
        ],
    }  # fmt: skip
    lines = [_result_line(result, seconds) for result in results]
    notes = [f"{outcome.request.name}: {outcome.error.message}" for outcome in outcomes if outcome.error is not None]
    notes += [f"`{result.request.name}` was not downloaded; `--link` makes a link" for result in results
              if result.outcome == "elsewhere"]  # fmt: skip
    code = errors[0].exit_code if errors else 0
    return Result(data, "".join(f"{line}\n" for line in lines), code, note="\n".join(notes))


def kept_downloads(kept: Sequence[KeptDownload]) -> Result:
    """Downloads that are not finished, a line each."""
    rows = [(one.identifier, one.state, _progress(one), one.request.path) for one in kept]
    note = "" if kept else "no downloads"
    return Result({"downloads": [one.as_dict() for one in kept]}, aligned(rows), note=note)


def changed_downloads(verb: str, kept: Sequence[KeptDownload]) -> Result:
    """What was paused or cancelled."""
    text = "".join(f"{verb} {one.request.name} ({_progress(one)})\n" for one in kept)
    return Result({"downloads": [one.as_dict() for one in kept]}, text, note="" if kept else "there is nothing to do")


def found_sources(sources: Sequence[ModelSourceResult]) -> Result:
    """Where a model can be had."""
    rows = [(one.kind, one.matched, one.url, one.page or "") for one in sources]
    note = "" if sources else "no source is known; `comfydock model add-source MODEL URL` notes one"
    return Result({"sources": [one.as_dict() for one in sources]}, aligned(rows), note=note)


def _plan_lines(plan: DownloadPlan) -> list[str]:
    request = plan.request
    size = amount(request.size, "bytes") if request.size is not None else "size unknown"
    if plan.action == "present":
        return [f"{request.path} is there already"]
    if plan.action == "elsewhere":
        return [f"{request.name} is there already, at {plan.existing}"]
    if plan.action == "link":
        return [f"would link {request.path} to {plan.existing}"]
    verb = f"resume at {amount(plan.done, 'bytes')}" if plan.action == "resume" else "download"
    lines = [f"would {verb}: {request.name} ({size})", f"  from  {request.urls[0]}", f"  to    {request.path}"]
    return lines + ([f"  SHA-256  {request.sha256}"] if request.sha256 else [])


def _result_line(result: DownloadResult, seconds: float) -> str:
    if result.outcome == "downloaded":
        return f"downloaded {result.request.path} ({amount(result.size, 'bytes')}, {seconds:.1f} s)"
    if result.outcome == "linked":
        return f"linked {result.request.path} to {result.existing}"
    if result.outcome == "elsewhere":
        return f"{result.existing} is the same file"
    return f"{result.request.path} is there already, and the right one"


def _progress(one: KeptDownload) -> str:
    if one.size is None:
        return amount(one.done, "bytes")
    return f"{amount(one.done, 'bytes')} of {amount(one.size, 'bytes')}"
