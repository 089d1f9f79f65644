"""What ComfyUI said of importing its node packs, in words."""

from comfydock_cli.formatters.columns import aligned
from comfydock_core.models.packs.imports import ImportReport, PackImport


def imports_text(report: ImportReport) -> str:
    """A line a pack: name, seconds, and why it cannot be imported."""
    return aligned([(pack.name, f"{pack.seconds:.1f} s", _outcome(pack)) for pack in report.packs])


def _outcome(pack: PackImport) -> str:
    if not pack.failed:
        return "imported"
    return f"cannot be imported: {pack.error}" if pack.error else "cannot be imported"
