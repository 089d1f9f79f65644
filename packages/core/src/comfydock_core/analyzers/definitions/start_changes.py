"""What became of node packs from one start of ComfyUI to another."""

from collections.abc import Iterator

from comfydock_core.models.history.starts import FAILS, FASTER, RECOVERED, SLOWER, StartChange, StartReport

# Seconds and times that count as another speed: less is how a machine feels on another day.
_SECONDS = 1.0
_TIMES = 2.0


def start_changes(before: StartReport | None, after: StartReport) -> tuple[StartChange, ...]:
    """By pack; failures where there is nothing to compare with. Nothing is said of what is not understood."""
    if not after.understood:
        return ()
    return tuple(_changes(before if before is not None and before.understood else None, after))


def _changes(before: StartReport | None, after: StartReport) -> Iterator[StartChange]:
    old = {pack.name: pack for pack in before.packs} if before is not None else {}
    for pack in sorted(after.packs, key=lambda pack: pack.name):
        known = old.get(pack.name)
        if pack.failed:
            if known is None or not known.failed:
                yield StartChange(FAILS, pack.name, pack.error)
        elif known is not None and known.failed:
            yield StartChange(RECOVERED, pack.name)
        elif known is not None and _is_slower(known.seconds, pack.seconds):
            yield StartChange(SLOWER, pack.name, None, known.seconds, pack.seconds)
        elif known is not None and _is_slower(pack.seconds, known.seconds):
            yield StartChange(FASTER, pack.name, None, known.seconds, pack.seconds)


def _is_slower(one: float, other: float) -> bool:
    return other - one >= _SECONDS and other >= _TIMES * one
