"""Whether model files are what they should be: by their headers, and read whole by every digest known of them."""

from collections.abc import Sequence
from dataclasses import asdict

from comfydock_core.analyzers.model_files.header_reading import read_header
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.models.finding import the_model
from comfydock_core.core.usecases.models.indexing import disk_manners, hash_file, reading
from comfydock_core.models.model_files.grouping import one_name_each
from comfydock_core.models.model_files.location import ModelLocation
from comfydock_core.models.protocols import Reporter
from comfydock_core.records import record
from comfydock_core.repositories.model_index.model_index import ModelIndex, open_model_index
from comfydock_core.utils.files.digests import digests_of
from comfydock_core.utils.files.file_states import is_unchanged
from comfydock_core.utils.text import counted

WHOLE = "whole"
DAMAGED = "damaged"
UNREADABLE = "unreadable"
UNKNOWN = "unknown"


@record
class Verdict:
    """What was found of one file, below a root.

    `verdict` is `whole`, `damaged`, `unreadable` or, where neither its header nor a digest tells, `unknown`; `reason`
    says how that is known. `deep` says whether the file was read whole.
    """

    root: str
    path: str
    size: int
    verdict: str
    reason: str
    deep: bool

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return asdict(self)


def verify_models(
    layout: WorkspaceLayout, identifiers: Sequence[str], reporter: Reporter, *, deep: bool, eager: bool
) -> list[Verdict]:
    """Look at the files of some models, or of all that are indexed when none is named. Nothing is changed on disk.

    Files that were read whole have their digests in the index afterwards. Raises `ModelNotFound`, `ConflictError`.
    """
    with open_model_index(layout.model_index) as index:
        named = [place for one in identifiers for place in the_model(index, one)]
        places = one_name_each(named if identifiers else [one for one in index.locations() if not one.absent])
        total, before = sum(one.state.size for one in places), 0
        verdicts: list[Verdict] = []
        reporter.phase(f"Verifying {counted(len(places), 'file')}")
        with disk_manners(eager=eager):
            for number, place in enumerate(places, 1):
                if not deep:
                    reporter.progress("verifying", number, len(places), "files")
                verdicts.append(_verdict(index, place, reporter, deep=deep, before=before, total=total))
                before += place.state.size
    return verdicts


def _verdict(
    index: ModelIndex, place: ModelLocation, reporter: Reporter, *, deep: bool, before: int, total: int
) -> Verdict:
    def found(verdict: str, reason: str, *, read: bool = False) -> Verdict:
        return Verdict(place.root, place.full_path, place.state.size, verdict, reason, read)

    try:
        header = read_header(place.full_path)
        if header.whole is False:
            return found(DAMAGED, header.problem or "its header says so")
        if deep:
            return _deep_verdict(index, place, reporter, before=before, total=total)
    except OSError as error:
        return found(UNREADABLE, error.strerror or str(error))
    if header.whole:
        return found(WHOLE, "it is as long as its header says")
    return found(UNKNOWN, header.problem or "its header does not tell; `--deep` reads it")


def _deep_verdict(index: ModelIndex, place: ModelLocation, reporter: Reporter, *, before: int, total: int) -> Verdict:
    """By every digest that is known of the file; the first reading of a file of which none is known proves nothing."""
    unchanged = is_unchanged(place)
    # What changed since the index was brought up to date is another file, of which nothing is known.
    claims = index.claims_of(place) if unchanged else []
    if place.blake3 is None and unchanged:
        digests = hash_file(index, place, reporter, before=before, total=total)
    else:
        digests = digests_of(place.full_path, reading(reporter, before, total))
    wrong = [claim for claim in claims if claim.digest not in (digests.blake3, digests.sha256)]

    def found(verdict: str, reason: str) -> Verdict:
        return Verdict(place.root, place.full_path, digests.size, verdict, reason, True)

    if wrong:
        reason = f"{wrong[0].by} has another digest, {wrong[0].digest[:12]}; that of the file is {digests.blake3[:12]}"
        return found(DAMAGED, reason)
    if not claims:
        return found(UNKNOWN, "read for the first time; no digest was known")
    return found(WHOLE, f"its digest is that of {claims[0].by}")
