"""`completion install|uninstall|status|show`."""

from comfydock_cli import system
from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.completion.installing import Place
from comfydock_cli.generate.completions import SCRIPTS
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError


def install(context: Context, arguments: Arguments) -> Result:
    """Write the script and the block of the start-up file."""
    place = Place(_shell(arguments))
    if context.dry_run:
        return _planned(place, "write")
    changed = place.install()
    if not changed:
        return Result({"shell": place.shell, "changed": []}, f"completion for {place.shell} is already on\n")
    text = "".join(f"+ {path}\n" for path in changed)
    return Result({"shell": place.shell, "changed": changed}, f"{text}open a new {place.shell} to use it\n")


def uninstall(context: Context, arguments: Arguments) -> Result:
    """Remove what `install` wrote."""
    place = Place(_shell(arguments))
    if context.dry_run:
        return _planned(place, "remove")
    changed = place.uninstall()
    text = "".join(f"- {path}\n" for path in changed) or f"completion for {place.shell} is not on\n"
    return Result({"shell": place.shell, "changed": changed}, text)


def status(context: Context, arguments: Arguments) -> Result:
    """Which shells have completion turned on."""
    states = {shell: Place(shell).installed() for shell in SCRIPTS}
    return Result(states, "".join(f"{shell:10}  {'on' if on else 'off'}\n" for shell, on in states.items()))


def show(context: Context, arguments: Arguments) -> Result:
    """Print the script, for those who keep their start-up files by hand."""
    shell = _shell(arguments)
    return Result({"shell": shell, "script": SCRIPTS[shell]}, SCRIPTS[shell], verbatim=True)


def _shell(arguments: Arguments) -> str:
    named = arguments.text("shell")
    if named is not None:
        return named
    name = (system.getenv("SHELL") or "").rpartition("/")[2]
    if name in SCRIPTS:
        return name
    raise UsageError(
        f"the shell `{name}` of $SHELL is not one of those known" if name else "$SHELL does not name a shell",
        hint=f"name one: {', '.join(SCRIPTS)}",
        context={"known": list(SCRIPTS)},
    )


def _planned(place: Place, action: str) -> Result:
    files = [*place.scripts, *([place.startup_file] if place.startup_file else [])]
    steps = [{"action": action, "target": str(path)} for path in files]
    text = "".join(f"would {action} {step['target']}\n" for step in steps)
    return Result({"plan": steps}, text)
