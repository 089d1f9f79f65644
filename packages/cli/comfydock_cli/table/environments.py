"""Commands about environments."""

from comfydock_cli.table.spec import ENVIRONMENT, ENVIRONMENT_NAME, WORKSPACE, WRITE, Command, flag, value, word

_LIFE = "environments"

COMMANDS = (
    Command(
        ("create",),
        "comfydock_cli.env_commands.lifecycle:create",
        "Make a new environment",
        "Clones ComfyUI, locks and installs its requirements with uv, links the models directory and starts the"
        " environment's history. The new environment appears whole or not at all.",
        (
            "comfydock create work",
            "comfydock create work --comfyui v0.3.60 --python 3.12 --use",
            "comfydock create test --comfyui master --torch-backend cpu",
        ),
        _LIFE,
        (
            word("name", "name of the new environment"),
            value(
                "--comfyui", metavar="REF", help="release, branch or commit of ComfyUI [default: the newest release]"
            ),
            value(
                "--comfyui-repository",
                metavar="URL",
                help="git repository or local path to take ComfyUI from",
                environment="COMFYDOCK_COMFYUI_REPOSITORY",
            ),
            value("--python", metavar="VERSION", default="3.11", help="Python version of the environment"),
            value(
                "--torch-backend",
                metavar="BACKEND",
                default="auto",
                completer="torch_backends",
                help="PyTorch build: auto, cpu, cuNNN, rocmX.Y, xpu or none",
            ),
            flag("--use", help="make it the active environment"),
        ),
        WORKSPACE,
        WRITE,
    ),
    Command(
        ("list",),
        "comfydock_cli.global_commands.environments:list_environments",
        "List the environments",
        "Every environment of the workspace by name; the active one is marked.",
        ("comfydock list", "comfydock list --long"),
        _LIFE,
        (flag("--long", "-l", help="show the versions of ComfyUI and Python, and the number of node packs"),),
        WORKSPACE,
    ),
    Command(
        ("use",),
        "comfydock_cli.global_commands.environments:use",
        "Choose the active environment",
        "Commands without `-e` work on the active environment.",
        ("comfydock use work",),
        _LIFE,
        (ENVIRONMENT_NAME,),
        WORKSPACE,
        WRITE,
    ),
    Command(
        ("status",),
        "comfydock_cli.env_commands.status:status",
        "Show the state of an environment",
        "ComfyUI's version and commit, uncommitted changes, packages against the lock, and node packs on disk against"
        " the manifest.",
        ("comfydock status", "comfydock status -e work --json"),
        _LIFE,
        (),
        ENVIRONMENT,
    ),
    Command(
        ("run",),
        "comfydock_cli.env_commands.running:run",
        "Start ComfyUI",
        "Runs ComfyUI in its environment. Everything from the first argument that is not an option of ComfyDock goes"
        " to ComfyUI as it is, everything after `--` in any case. Signals and the exit code pass through; exit code 42"
        " means that ComfyUI wants to be started again. One that runs in the background writes to a log and is found"
        " again by `--stop` and `--logs`; with several, `--port N` after these says which.",
        (
            "comfydock run",
            "comfydock run --port 8190",
            "comfydock run --background --listen 0.0.0.0",
            "comfydock run --logs --follow",
            "comfydock -e work run -- --cpu --quick-test-for-ci",
        ),
        _LIFE,
        (
            flag("--background", help="start it in the background and wait until it serves"),
            flag("--no-wait", help="with `--background`: do not wait"),
            flag("--stop", help="stop what runs"),
            flag("--logs", help="show the output of what runs in the background"),
            value("--lines", "-n", metavar="N", type="int", help="with `--logs`: how many lines [default: 50]"),
            flag("--follow", help="with `--logs`: go on showing it until ComfyUI ends"),
        ),
        ENVIRONMENT,
        passthrough="COMFYUI-ARGS",
    ),
    Command(
        ("__run",),
        "comfydock_cli.env_commands.running:supervise",
        "Run ComfyUI for `run --background`",
        "",
        (),
        _LIFE,
        (),
        ENVIRONMENT,
        passthrough="LOG-AND-COMFYUI-ARGS",
        hidden=True,
    ),
    Command(
        ("delete",),
        "comfydock_cli.env_commands.lifecycle:delete",
        "Delete an environment",
        "Removes the environment's directory with its ComfyUI, node packs, packages, workflows and outputs. Shared"
        " models stay: links are removed, never followed.",
        ("comfydock delete test", "comfydock delete test --dry-run"),
        _LIFE,
        (ENVIRONMENT_NAME,),
        WORKSPACE,
        WRITE,
    ),
    Command(
        ("manifest",),
        "comfydock_cli.env_commands.manifest:manifest",
        "Print the manifest",
        "Prints `.cec/pyproject.toml`, or one section of it. Keys that contain dots are quoted.",
        ("comfydock manifest", "comfydock manifest --section tool.comfydock", "comfydock manifest --json"),
        _LIFE,
        (value("--section", metavar="KEY", help="print only this section, like `tool.comfydock.nodes`"),),
        ENVIRONMENT,
    ),
)
