"""Nothing lies in an artifact that nothing reaches."""

from pathlib import Path

from build.paths import Layout
from build.programs import Program
from build.settings import read_artifact
from build.unused import graph_of, inside, libraries_of, loaded_by, unforeseen, unreached


def test_everything_in_an_artifact_is_reached_and_what_is_loaded_was_foreseen(artifact: Program) -> None:
    layout, settings = Layout(), read_artifact(Layout().config)
    graph = graph_of(layout, settings, libraries_of(Path(layout.build_venv, "bin/python")))
    there = inside(layout, settings, artifact.form)
    assert unreached(there, graph) == {}
    assert unforeseen(loaded_by(artifact, layout, settings), graph, there) == []
