"""The topics of `comfydock help TOPIC`."""

_ENVIRONMENT = """\
Environment variables

  COMFYDOCK_HOME                 the workspace [default: ~/comfydock]
  COMFYDOCK_COMFYUI_REPOSITORY   where `create` takes ComfyUI from
  COMFYDOCK_GITHUB_API_URL       GitHub's API or a mirror of it
  COMFYDOCK_MANAGER_DATA_URL     directory of ComfyUI-Manager's lists of node packs
  COMFYDOCK_NODE_DATA_URL        ComfyDock's node data
  COMFYDOCK_REGISTRY_URL         the Comfy registry or a mirror of it
  COMFYDOCK_PYTORCH_INDEX_URL    index of PyTorch builds; the back end's name is appended
  COMFYDOCK_RELEASE_URL          where `self update` finds releases: a directory or an address with SHA256SUMS
  COMFYDOCK_STALL_SECONDS        give a server up that sends nothing for so long [default: 30]
  COMFYDOCK_UV                   the uv program to use
  GITHUB_TOKEN                   raises GitHub's limit; sent to GitHub's API alone
  COLUMNS, NO_COLOR, FORCE_COLOR, TERM, CI
                                 honoured for what is drawn on a terminal
  HTTP_PROXY, HTTPS_PROXY, NO_PROXY
                                 honoured for every request

uv's own variables (UV_INDEX_URL, UV_FIND_LINKS, UV_OFFLINE, ...) and git's pass through, but for those that would lead
uv to another project, interpreter or PyTorch (UV_PROJECT, UV_PYTHON, UV_TORCH_BACKEND, UV_FROZEN, ...).
"""

_EXIT_CODES = """\
Exit codes

    0  success
    1  unexpected: a fault of ComfyDock
    2  usage: unknown command or option, a value that cannot be used
    3  not found: workspace, environment, section, ref
    4  conflict: needs a decision
    5  remote: network, server, authentication
    6  tool: uv, git or the file system failed
    7  busy: another command is changing the same thing
    8  integrity: something is damaged; it was left as it is
  129  the terminal went away
  130  interrupted
  141  the reader of the output went away
  143  terminated

`comfydock run` gives ComfyUI's own exit code. `comfydock explain` lists every error by its code.
"""

_JSON = """\
JSON

With `--json` every command prints exactly one object on standard output:

  version    version of this format: 1
  command    the words of the command
  status     `ok`, `failed` (it worked, and found a problem) or `error`
  exit_code  the exit code
  data       what the command found or did, or null
  errors     list of {code, message, hint, context}

Progress and notes stay on standard error. `comfydock explain CODE` describes an error code.
"""

_CHANGES = """\
Changes

A change is prepared aside and put in place at once: it is made or it is not, even after a crash or on a full disk.
`--dry-run` shows what it would be. What it removed is kept, so that it can be undone:

  comfydock undo                the last change; undoing the undo redoes it
  comfydock operation list      what was done to the workspace and to the active environment; `-e NAME` for another one
  comfydock operation undo 12   one of them, as long as its result is unchanged
  comfydock operation prune     free what is kept

The last three changes that keep directories are kept (a deleted environment, a replaced virtual environment), and the
smaller ones between them. Only one command at a time changes an environment, or the workspace: the second one ends
with exit code 7 and names the first; `--wait SECONDS` waits for it.

A change that was killed is finished or removed by the next one, which says so. `--no-settle` refuses that;
`comfydock operation resume` and `comfydock operation undo` choose.
"""

_WORKSPACE = """\
Workspace

A workspace is a directory with `.metadata/` in it: the one of COMFYDOCK_HOME, else `~/comfydock`.

  environments/NAME/       an environment: `.cec` (definition, a git repository), `.venv`, `ComfyUI`
  environments/.ops/       what changes took away, until it is pruned; each environment has its own, too
  models/                  models, shared by all environments
  comfydock_cache/         what can be fetched or made again
  logs/                    one log for each environment, and the workspace's own

Workspaces of ComfyDock 1.x open in place.
"""

TOPICS = {
    "changes": _CHANGES,
    "environment": _ENVIRONMENT,
    "exit-codes": _EXIT_CODES,
    "json": _JSON,
    "workspace": _WORKSPACE,
}
