"""What `git push --porcelain` says, read back: whatever the names and reasons are, no line is taken for another."""

from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.integrations.git.pushing import PushLine, parse_lines

# What git allows in the name of a reference.
LETTERS = st.characters(exclude_characters=" ~^:?*[\\\x7f", exclude_categories=("Cc", "Cs"))
NAMES = st.text(LETTERS, min_size=1, max_size=30).map(lambda name: f"refs/heads/{name}")
COMMITS = st.text("0123456789abcdef", min_size=40, max_size=40)
REASONS = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=60)
NOISE = st.sampled_from(["To https://git.example.com/x.git", "Done", "", "branch 'x' set up to track 'y/x'.", "! no"])


@st.composite
def told(draw: st.DrawFn) -> tuple[str, PushLine]:
    """A line as git writes it, and what it means."""
    name, old, new = draw(NAMES), draw(COMMITS), draw(COMMITS)
    flag = draw(st.sampled_from(" +*=!"))
    if flag == " ":
        return f" \t{name}:{name}\t{old}..{new}", PushLine(" ", name, old)
    if flag == "+":
        return f"+\t{name}:{name}\t{old}...{new} (forced update)", PushLine("+", name, old, "forced update")
    if flag == "!":
        there, reason = draw(st.booleans()), draw(REASONS)
        where = "remote rejected" if there else "rejected"
        return f"!\t{name}:{name}\t[{where}] ({reason})", PushLine("!", name, None, reason, there)
    words = "[new branch]" if flag == "*" else "[up to date]"
    return f"{flag}\t{name}:{name}\t{words}", PushLine(flag, name)


@given(st.lists(st.one_of(told(), NOISE.map(lambda line: (line, None))), max_size=20))
def test_every_line_about_a_reference_is_read_and_nothing_else(lines: list[tuple[str, PushLine | None]]) -> None:
    output = "\n".join(line for line, _ in lines)
    assert parse_lines(output) == tuple(meant for _, meant in lines if meant is not None)


@given(st.text(max_size=300))
def test_whatever_is_said_breaks_nothing(output: str) -> None:
    for line in parse_lines(output):
        assert line.flag in " +-*!="
