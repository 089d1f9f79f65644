"""Which files the models of a workflow are, with what somebody decides and what was decided before."""

import os
from collections.abc import Mapping

from comfydock_core.core.usecases.workflows.earlier_models import EarlierModels
from comfydock_core.core.usecases.workflows.model_notes import ModelUses
from comfydock_core.models.protocols import ModelResolutionStrategy
from comfydock_core.models.workflow.checks import AMBIGUOUS, ModelMatch
from comfydock_core.models.workflow.dependencies import ModelReference
from comfydock_core.models.workflow.entries import KnownModel
from comfydock_core.models.workflow.plans import Decisions
from comfydock_core.records import record
from comfydock_core.resolvers.model_matching import ModelMatcher
from comfydock_core.utils.files.digests import sampled_hash

_MOST_READ = 20  # Of files that have the size of the one that was meant.


@record
class ModelDecider:
    """Decides about the models of one workflow. `known` are the models of the manifest by their hashes."""

    matcher: ModelMatcher
    strategy: ModelResolutionStrategy
    decisions: Decisions
    before: EarlierModels
    known: Mapping[str, KnownModel]
    uses: ModelUses

    def decide(self, reference: ModelReference) -> ModelMatch:
        """What is here of a reference. What was decided goes before what is found. Raises `OSError`."""
        value = reference.value
        if value in self.decisions.models:
            chosen = self.matcher.chosen(reference, self.decisions.models[value], "you chose it")
            return chosen or self.matcher.match(reference)
        match = self.matcher.match(reference)
        if match.state != AMBIGUOUS:
            return match
        path = self._remembered(match)
        if path is not None:
            return self.matcher.chosen(reference, path, "you chose it before") or match
        if value in self.decisions.skipped:
            return match
        paths = [one.path for one in match.candidates if one.path is not None]
        path = self.strategy.choose_model(value, paths)
        if path is None:
            self.decisions.skipped.add(value)
            return match
        self.decisions.models[value] = path
        return self.matcher.chosen(reference, path, "you chose it") or match

    def ask(self, match: ModelMatch) -> bool:
        """Let the strategy decide about a model that is missing and has no source; whether it decided anything."""
        value = match.reference.value
        known = (*self.decisions.urls, *self.decisions.optional, *self.decisions.skipped, *self.decisions.models)
        if value in known:
            return False
        chosen = self.strategy.choose_missing(value, lambda words: self.matcher.near(match.reference, words))
        if chosen is None:
            self.decisions.skipped.add(value)
        elif chosen is False:
            self.decisions.optional.add(value)
        elif isinstance(chosen, str) and "://" in chosen:
            self.decisions.urls[value] = chosen
        elif isinstance(chosen, str):
            self.decisions.models[value] = chosen
        return chosen is not None

    def _remembered(self, match: ModelMatch) -> str | None:
        """The candidate with the content that the manifest notes for this value."""
        digest = self.before.hash_of(self.uses.of(match.reference))
        known = self.known.get(digest) if digest is not None else None
        if known is None:
            return None
        paths = [one.path for one in match.candidates if one.path is not None]
        alike = [path for path in paths if os.path.getsize(path) == known.size][:_MOST_READ]
        return next((path for path in alike if sampled_hash(path) == digest), None)
