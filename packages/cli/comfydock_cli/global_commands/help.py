"""`help` and `explain`."""

from comfydock_cli import system
from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.generate.explanations import explanation_text, explanations
from comfydock_cli.generate.help import command_help, overview
from comfydock_cli.generate.topics import TOPICS, topic_list, topic_text
from comfydock_cli.table import resolve
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError, unknown_command
from comfydock_cli.table.suggest import nearest


def show(context: Context, arguments: Arguments) -> Result:
    """Help about a topic or about a command by its words; without either, the overview and the topics."""
    words = tuple(arguments.words("subject"))
    width = system.terminal_width()
    if not words:
        text = f"{overview(width)}\n{topic_list(width)}"
    elif len(words) == 1 and words[0] in TOPICS:
        text = topic_text(TOPICS[words[0]], width)
    elif (command := resolve.find(words)) is not None:
        text = command_help(command, width)
    else:
        raise _unknown_subject(words)
    return Result({"subject": list(words), "text": text}, text, verbatim=True)


def explain(context: Context, arguments: Arguments) -> Result:
    """What an error code means, or the list of all codes."""
    known = explanations()
    code = arguments.text("code")
    if code is None:
        rows = [{"code": code, "exit_code": exit_code, "summary": text.partition("\n")[0]}
                for code, (exit_code, text) in known.items()]  # fmt: skip
        longest = max(len(code) for code in known)
        lines = (f"{row['exit_code']:>3}  {row['code']:{longest}}  {row['summary']}\n" for row in rows)
        return Result(rows, "".join(lines))
    if code not in known:
        near = nearest(code, known)
        hint = f"did you mean `{near}`?" if near else "`comfydock explain` lists the codes"
        raise UsageError(f"`{code}` is not an error code", hint=hint)
    exit_code, text = known[code]
    data = {"code": code, "exit_code": exit_code, "explanation": text}
    return Result(data, explanation_text(code, exit_code, text, system.terminal_width()))


def _unknown_subject(words: tuple[str, ...]) -> UsageError:
    if len(words) > 1 and resolve.find(words[:1]) is not None:
        return unknown_command(words)
    near = nearest(words[0], (*TOPICS, *resolve.children(())))
    hint = f"did you mean `comfydock help {near}`?" if near else "`comfydock help` lists the commands and the topics"
    return UsageError(f"there is no help about `{' '.join(words)}`", hint=hint)
