"""`config`: the workspace's settings."""

import sys

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.ui.progress import make_reporter
from comfydock_core.models.workspace_config import WorkspaceConfig


def config(context: Context, arguments: Arguments) -> Result:
    """Change what was given, else print the settings."""
    key, cache, policy = (arguments.text(name) for name in ("civitai_key", "registry_cache", "node_policy"))
    if key is None and cache is None and policy is None:
        return _shown(context.workspace.layout.root, context.workspace.config())
    changes = {}
    if key is not None:
        changes["civitai-key"] = "set" if key else "removed"
    if cache is not None:
        changes["registry-cache"] = cache
    if policy is not None:
        changes["node-policy"] = policy
    if not context.dry_run:
        _change(context, _read_key() if key == "-" else key, cache, policy)
    verb = "would set" if context.dry_run else "set"
    plan = [{"action": "set", "target": name, "detail": value} for name, value in changes.items()]
    text = "".join(f"{verb} {name}: {value}\n" for name, value in changes.items())
    return Result({"plan": plan} if context.dry_run else {"changed": changes}, text)


def _change(context: Context, key: str | None, cache: str | None, policy: str | None) -> None:
    """Under the workspace's lock, because operations put the same file in place."""
    with make_reporter(context) as reporter, context.workspace.exclusive(context.initiator(), reporter):
        settings = context.workspace.settings()
        if key is not None:
            settings.set_civitai_token(key)
        if cache is not None:
            settings.set_prefer_registry_cache(cache == "on")
        if policy is not None:
            settings.set_node_policy(policy)


def _shown(root: str, settings: WorkspaceConfig) -> Result:
    data = {
        "workspace": root,
        "models_directory": settings.models_directory,
        "active_environment": settings.active_environment,
        "civitai_key": _masked(settings.civitai_token),
        "registry_cache": settings.prefer_registry_cache,
        "node_policy": settings.node_policy,
    }
    return Result(data, "".join(f"{name.replace('_', '-'):20} {_told(value)}\n" for name, value in data.items()))


def _told(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "-" if value is None else str(value)


def _masked(token: str | None) -> str | None:
    """Enough to recognise a key by, not enough to use it."""
    if token is None:
        return None
    return f"...{token[-4:]}" if len(token) >= 12 else "..."


def _read_key() -> str:
    key = sys.stdin.readline().strip() if sys.stdin is not None else ""
    if not key:
        raise UsageError("standard input holds no key", hint="pipe the key in, or remove it with `--civitai-key ''`")
    return key
