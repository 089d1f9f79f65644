"""`model download` and `model search-source`."""

import re
import time

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.download_formatter import downloaded, found_sources, planned_downloads
from comfydock_cli.global_commands.download_options import limits_of
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.ui.progress import make_reporter
from comfydock_core.factories.workspace_factory import find_workspace

_SHA256 = re.compile(r"(?:sha256:)?([0-9a-f]{64})", re.IGNORECASE)


def download(context: Context, arguments: Arguments) -> Result:
    """Download what is at the addresses; one that fails does not keep the others."""
    started = time.monotonic()
    urls, limits = arguments.words("url"), limits_of(arguments)
    sha256 = _digest(arguments.text("sha256"), several=len(urls) > 1)
    downloads = find_workspace(offline=context.offline).downloads
    with make_reporter(context) as reporter:
        plans = downloads.plan(urls, reporter, to=arguments.text("to"), sha256=sha256, link=arguments.flag("link"))
        if context.dry_run:
            return planned_downloads(plans)
        outcomes = downloads.download(plans, reporter, limits)
    return downloaded(outcomes, time.monotonic() - started)


def search_source(context: Context, arguments: Arguments) -> Result:
    """Look for places to download a model from that is here."""
    downloads = find_workspace(offline=context.offline).downloads
    model, known_only = arguments.word("model"), context.offline or context.dry_run
    with make_reporter(context) as reporter:
        sources = downloads.sources_of(model, reporter, offline=known_only)
    return found_sources(sources)


def _digest(text: str | None, *, several: bool) -> str | None:
    if text is None:
        return None
    if several:
        raise UsageError("`--sha256` is the digest of one file", hint="give one address with it")
    found = _SHA256.fullmatch(text.strip())
    if found is None:
        raise UsageError("`--sha256` takes 64 hexadecimal digits", hint="`sha256sum FILE` prints them")
    return found[1].lower()
