"""Finding the indexed model that a user means: by a path, a name, or digits of its digest."""

import contextlib
import os
from collections.abc import Iterable

from comfydock_core.core.usecases.models.searching import are_digits
from comfydock_core.models.exceptions import ConflictError, ModelNotFound
from comfydock_core.models.model_files.location import ModelLocation
from comfydock_core.repositories.model_index.model_index import ModelIndex
from comfydock_core.utils.files.file_states import file_state
from comfydock_core.utils.text import folded, nearest

_SHOWN = 8
_MOST_COMPARED = 20_000  # Names; looking for similar ones among more would take seconds.


def the_model(index: ModelIndex, identifier: str) -> list[ModelLocation]:
    """All files of the one model that an identifier means: a path, the digits of a digest, or the name of a file.

    Raises `ModelNotFound`, and `ConflictError` when different models are meant.
    """
    found = _at_path(index, identifier) or _by_digits(index, identifier) or _by_name(index, identifier)
    if not found:
        raise _not_found(index, identifier)
    models = grouped(found)
    if len(models) > 1:
        names = [f"{group[0].blake3[:12] if group[0].blake3 else '-'}  {group[0].full_path}" for group in models]
        raise ConflictError(
            f"`{identifier}` may be any of {len(models)} models",
            hint="name one by its path or by more digits:\n" + "\n".join(f"  {name}" for name in names[:_SHOWN]),
            context={"identifier": identifier, "candidates": [group[0].as_dict() for group in models]},
        )
    if found[0].blake3 is None:
        return found
    return index.locations_with(found[0].blake3)


def grouped(places: Iterable[ModelLocation]) -> list[list[ModelLocation]]:
    """Files by what they hold: those of one content together, and those that are names of one file."""
    groups: dict[object, list[ModelLocation]] = {}
    for one in places:
        groups.setdefault(one.blake3 or one.state.file_id, []).append(one)
    return list(groups.values())


def _at_path(index: ModelIndex, identifier: str) -> list[ModelLocation]:
    """By path, however it is spelled or leads there: absolute, from here, or from a root."""
    given, inside = os.path.abspath(os.path.expanduser(identifier)), os.path.normpath(identifier)
    roots = [root.path for root in index.roots()]
    places = [(root, given[len(root) + 1 :]) for root in roots if given.startswith(f"{root}/")]
    found = [index.location_at(root, path) for root, path in [*places, *((root, inside) for root in roots)]]
    exact = [one for one in found if one is not None]
    if exact or os.sep not in identifier:
        return exact[:1]
    for path in (given, *(f"{root}/{inside}" for root in roots)):
        with contextlib.suppress(OSError):
            if same := index.names_of_file(file_state(path)):
                return same
    return _by_spelling(index, [root for root in roots if os.path.exists(f"{root}/{inside}")], inside)


def _by_spelling(index: ModelIndex, roots: list[str], path: str) -> list[ModelLocation]:
    """What lies at a path of roots that compare names without case, where it is spelled otherwise."""
    wanted = folded(path)
    fits = [number for number, known, _ in index.paths() if folded(known) == wanted] if roots else []
    return [one for one in index.locations_of(fits) if one.root in roots]


def _by_digits(index: ModelIndex, identifier: str) -> list[ModelLocation]:
    return index.locations_like(identifier.lower()) if are_digits(identifier) else []


def _by_name(index: ModelIndex, identifier: str) -> list[ModelLocation]:
    """The files of this name; without one those that have it without their extension."""
    wanted = folded(identifier)
    named = [(number, folded(os.path.basename(path))) for number, path, _ in index.paths()]
    fits = [number for number, name in named if name == wanted]
    return index.locations_of(fits or [number for number, name in named if os.path.splitext(name)[0] == wanted])


def _not_found(index: ModelIndex, identifier: str) -> ModelNotFound:
    names = {os.path.basename(path) for _, path, _ in index.paths()}
    near = nearest(identifier, names, limit=3) if len(names) < _MOST_COMPARED else []
    if not names:
        hint = "`comfydock model index sync` looks for models; none is indexed yet"
    elif near:
        hint = f"did you mean {', '.join(f'`{name}`' for name in near)}?"
    else:
        hint = "`comfydock model index find WORDS` searches, `comfydock model index sync` brings the index up to date"
    return ModelNotFound(
        f"no model `{identifier}` is indexed", hint=hint, context={"identifier": identifier, "near": near}
    )
