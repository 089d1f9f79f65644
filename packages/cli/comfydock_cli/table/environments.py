"""Commands about environments."""

from comfydock_cli.table.spec import (
    ENVIRONMENT,
    ENVIRONMENT_NAME,
    NO_TEST,
    OFFLINE_FROM,
    STRICT,
    WHILE_RUNNING,
    WORKSPACE,
    WRITE,
    Command,
    flag,
    value,
    word,
)

_LIFE = "environments"

COMMANDS = (
    Command(
        ("create",),
        "comfydock_cli.env_commands.lifecycle:create",
        "Create an environment",
        "Clones ComfyUI, locks and installs its requirements with uv, links the models directory and starts the"
        " environment's history. The new environment appears whole or not at all. With `--template` it recreates"
        " another environment, at the versions that are pinned there.",
        (
            "comfydock create work",
            "comfydock create work --comfyui v0.3.60 --python 3.12 --use",
            "comfydock create test --comfyui master --torch-backend cpu",
            "comfydock create old --comfyui v0.3.64 --as-of release",
            "comfydock create again --template bundle.tar.gz --keep-going",
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
            value("--python", metavar="VERSION", help="Python version of the environment [default: 3.11]"),
            value(
                "--as-of",
                metavar="DATE",
                help="no package newer than that day (2025-10-08), or than ComfyUI's version (`release`)",
            ),
            value(
                "--torch-backend",
                metavar="BACKEND",
                default="auto",
                completer="torch_backends",
                help="PyTorch build: auto, cpu, cuNNN, rocmX.Y, xpu or none",
            ),
            value(
                "--template",
                metavar="FILE",
                completer="directories",
                help="manifest (`pyproject.toml`) or bundle (`.tar.gz`) of another environment to start from",
            ),
            flag("--keep-going", help="leave out node packs of the template that cannot be fetched (exit code 3)"),
            flag("--use", help="make it the active environment"),
            OFFLINE_FROM,
        ),
        WORKSPACE,
        WRITE,
    ),
    Command(
        ("list",),
        "comfydock_cli.global_commands.environments:list_environments",
        "List the environments",
        "Every environment of the workspace by name; the active one is marked.",
        ("comfydock list", "comfydock list --long", "comfydock list --size"),
        _LIFE,
        (
            flag("--long", "-l", help="show the versions of ComfyUI and Python, the number of node packs, the state"),
            flag("--size", help="the same, with the space that each takes for itself"),
        ),
        WORKSPACE,
    ),
    Command(
        ("use",),
        "comfydock_cli.global_commands.environments:use",
        "Choose the active environment",
        "Commands without `-e` use the active environment.",
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
        "Runs ComfyUI in its environment. Everything from the first argument that is not an option of ComfyDock"
        " goes to ComfyUI as it is, everything after `--` in any case. Signals and the exit code pass through; exit"
        " code 42 means that ComfyUI wants to be restarted. One that runs in the background writes to a log and is"
        " found again by `--stop` and `--logs`; with several, `--port N` after these says which.",
        (
            "comfydock run",
            "comfydock run --port 8190",
            "comfydock run --background --listen 0.0.0.0",
            "comfydock run --logs --follow",
            "comfydock -e work run -- --cpu --quick-test-for-ci",
        ),
        _LIFE,
        (
            flag("--background", help="start it in the background and wait until it is ready"),
            flag("--no-wait", help="with `--background`: do not wait"),
            flag("--stop", help="stop the running ComfyUI"),
            flag("--logs", help="show the output of the one in the background"),
            value("--lines", "-n", metavar="N", type="int", help="with `--logs`: how many lines [default: 50]"),
            flag("--follow", help="with `--logs`: keep showing it until ComfyUI ends"),
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
        "Takes the environment's directory away with its ComfyUI, node packs, packages, workflows and outputs."
        " `comfydock undo` brings it back while that is kept (`comfydock help undo`); `--purge` frees its space at"
        " once. Shared models stay: links are removed, never followed.",
        ("comfydock delete test", "comfydock delete test --dry-run", "comfydock delete test --purge"),
        _LIFE,
        (
            ENVIRONMENT_NAME,
            NO_TEST,
            STRICT,
            flag("--purge", help="remove it for good and free its space at once"),
            WHILE_RUNNING,
        ),
        WORKSPACE,
        WRITE,
    ),
    Command(
        ("clone",),
        "comfydock_cli.env_commands.lifecycle:clone",
        "Copy an environment",
        "Copies ComfyUI with its node packs, workflows, inputs and settings, and the environment's history; packages"
        " are shared by links. Outputs stay behind. The original is only read.",
        ("comfydock clone work experiment", "comfydock clone work experiment --use"),
        _LIFE,
        (
            word("source", "the environment to copy", completer="environments"),
            word("name", "name of the new environment"),
            flag("--use", help="make it the active environment"),
        ),
        WORKSPACE,
        WRITE,
    ),
    Command(
        ("adopt",),
        "comfydock_cli.env_commands.adopting:adopt",
        "Build an environment from an existing ComfyUI",
        "Reads an installation that was made without ComfyDock, a git checkout or a portable folder, and builds an"
        " environment of the same ComfyUI, node packs, package versions, workflows and inputs. Packages that were"
        " installed by hand become requirements of your own, and node packs that are turned off stay so. The"
        " installation is only read; models and outputs stay where they are. What is not taken over is named, with the"
        " reason; `--json` has all of it.",
        (
            "comfydock adopt ~/ComfyUI --name work",
            "comfydock adopt /data/portable --name old --dry-run",
        ),
        _LIFE,
        (
            word("path", "directory of the installation", completer="directories"),
            value("--name", metavar="NAME", help="name of the new environment; required"),
            value(
                "--python", metavar="VERSION", help="Python version of the environment [default: the installation's]"
            ),
            value(
                "--torch-backend",
                metavar="BACKEND",
                default="auto",
                completer="torch_backends",
                help="PyTorch build: auto (that of the installation), cpu, cuNNN, rocmX.Y, xpu or none",
            ),
            flag("--use", help="make it the active environment"),
        ),
        WORKSPACE,
        WRITE,
    ),
    Command(
        ("sync",),
        "comfydock_cli.env_commands.syncing:sync",
        "Bring an environment in line with its definition",
        "Installs exactly what is locked for this machine's back end, fetches node packs that are missing or are"
        " there at another version, and corrects the models link. A lock of PyTorch that is missing or out of date"
        " is made. Node packs without a known source are named, and the exit code is 3; what was changed by hand"
        " stays as it is, and the exit code is 4.",
        ("comfydock sync", "comfydock sync -e work --dry-run", "comfydock sync --relock"),
        _LIFE,
        (
            flag("--relock", help="resolve the packages again where the manifest was changed by hand"),
            WHILE_RUNNING,
        ),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("repair",),
        "comfydock_cli.env_commands.syncing:repair",
        "Rebuild the virtual environment",
        "Like `sync`, but the packages are installed from scratch, whatever is there now. What was there is kept, so"
        " that `comfydock undo` brings it back.",
        ("comfydock repair", "comfydock repair -e work"),
        _LIFE,
        (WHILE_RUNNING,),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("rename",),
        "comfydock_cli.env_commands.lifecycle:rename",
        "Give an environment another name",
        "Renames the environment's directory; its log and the choice of the active environment follow.",
        ("comfydock rename test work",),
        _LIFE,
        (ENVIRONMENT_NAME, word("new_name", "the new name"), WHILE_RUNNING),
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
    Command(("comfyui",), "", "Show, list, choose and update ComfyUI itself", about=_LIFE),
    Command(
        ("comfyui", "show"),
        "comfydock_cli.env_commands.comfyui:show",
        "Show which ComfyUI an environment has",
        "The version, its commit and repository, and which of its files were changed.",
        ("comfydock comfyui show", "comfydock comfyui show -e work --json"),
        _LIFE,
        (),
        ENVIRONMENT,
    ),
    Command(
        ("comfyui", "list"),
        "comfydock_cli.env_commands.comfyui:list_versions",
        "List the versions of ComfyUI that there are",
        "The newest releases and the branches of the environment's repository; the one that it has is marked.",
        ("comfydock comfyui list", "comfydock comfyui list --all"),
        _LIFE,
        (flag("--all", help="every release, not only the newest"),),
        ENVIRONMENT,
    ),
    Command(
        ("comfyui", "use"),
        "comfydock_cli.env_commands.comfyui:use",
        "Use another ComfyUI in an environment",
        "A release, a branch or a commit. What it requires is resolved together with the node packs first; then its"
        " code and the packages change in one operation, which `undo` takes back. Node classes that come and go are"
        " listed, with the workflows that use one that goes. Files of your own in ComfyUI's directory stay.",
        ("comfydock comfyui use v0.3.60", "comfydock comfyui use master --dry-run"),
        _LIFE,
        (
            word("ref", "release, branch or commit", completer="comfyui_versions"),
            value("--repository", metavar="URL", help="take it from another repository"),
            STRICT,
            NO_TEST,
            WHILE_RUNNING,
        ),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("comfyui", "update"),
        "comfydock_cli.env_commands.comfyui:update",
        "Update ComfyUI",
        "To the newest release, or to the head of the branch that the environment follows; as `comfyui use` does it.",
        ("comfydock comfyui update", "comfydock comfyui update --strict"),
        _LIFE,
        (STRICT, NO_TEST, WHILE_RUNNING),
        ENVIRONMENT,
        WRITE,
    ),
)
