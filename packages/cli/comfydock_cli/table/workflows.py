"""Commands about workflows: what they need, and whether they run."""

from comfydock_cli.table.models import CONNECTIONS, LIMIT_RATE
from comfydock_cli.table.spec import ENVIRONMENT, WHILE_RUNNING, WRITE, Command, flag, value, word

_ABOUT = "workflows"
_WORKFLOW = word(
    "workflow", "a workflow of the environment, or a file: JSON, or a picture or video", completer="workflows"
)

COMMANDS = (
    Command(("workflow",), "", "See what workflows need, and whether they run", about=_ABOUT),
    Command(
        ("workflow", "list"),
        "comfydock_cli.env_commands.workflows:list_workflows",
        "List the workflows of an environment",
        "Those that ComfyUI's editor saves, in subdirectories too.",
        ("comfydock workflow list", "comfydock workflow list -e work"),
        _ABOUT,
        (),
        ENVIRONMENT,
    ),
    Command(
        ("workflow", "show"),
        "comfydock_cli.global_commands.workflow_reading:show",
        "Show what a workflow runs",
        "Every node with what each input gets, as the editor would send it to the server: subgraphs opened, links"
        " followed, values where they were set. `--api` prints the prompt that the server takes under `prompt`.",
        ("comfydock workflow show portrait", "comfydock workflow show ComfyUI_00042_.png --api"),
        _ABOUT,
        (_WORKFLOW, flag("--api", help="as the prompt that `POST /prompt` takes")),
    ),
    Command(
        ("workflow", "analyze"),
        "comfydock_cli.global_commands.workflow_reading:analyze",
        "Show what workflow files need",
        "Node classes with the packs that the file names, models with where they can be had, and input files. No"
        " environment is needed; with one, its code tells more. A directory is looked through, `-` is standard input.",
        ("comfydock workflow analyze downloads/portrait.json", "comfydock workflow analyze pictures/"),
        _ABOUT,
        (word("file", "files, directories, workflows of the environment, or `-`", many=True, completer="workflows"),),
    ),
    Command(
        ("workflow", "check"),
        "comfydock_cli.env_commands.workflow_checking:check",
        "Check whether workflows run here",
        "By ComfyUI's own rules, applied to what the code says; nothing is started and nothing is fetched. Ends with"
        " exit code 1 when one does not run.",
        ("comfydock workflow check portrait", "comfydock workflow check --all"),
        _ABOUT,
        (
            word("workflow", "workflows of the environment, or files", many=True, optional=True, completer="workflows"),
            flag("--all", help="every workflow of the environment"),
        ),
        ENVIRONMENT,
    ),
    Command(
        ("workflow", "draw"),
        "comfydock_cli.global_commands.workflow_reading:draw",
        "Draw a workflow",
        "As the editor lays it out, as an SVG picture without scripts or outside references. With an environment the"
        " nodes that keep the workflow from running there are marked.",
        ("comfydock workflow draw portrait -o portrait.svg",),
        _ABOUT,
        (
            _WORKFLOW,
            value("--output", "-o", metavar="FILE", help="the file to write instead of standard output"),
        ),
    ),
    Command(
        ("workflow", "resolve"),
        "comfydock_cli.env_commands.workflow_resolving:resolve",
        "Get what a workflow needs",
        "Decides which node packs its classes are from and which files its models are, adds the packs, fetches models"
        " that have a source, and writes names as they are here. A source is what the workflow or the manifest names,"
        " or else ComfyUI-Manager's list of models under the same name, unless that leaves a choice. On a terminal it"
        " asks about what is open; with `--auto` it decides only where the evidence is clear. Ends with exit code 1"
        " when something is left.",
        (
            "comfydock workflow resolve portrait",
            "comfydock workflow resolve portrait --auto --install --models required",
        ),
        _ABOUT,
        (
            word("workflow", "a workflow of the environment", completer="workflows"),
            flag("--auto", help="ask nothing, and decide only where the evidence is clear"),
            flag("--install", help="add missing node packs without asking"),
            flag("--no-install", help="add no node packs"),
            value(
                "--models",
                metavar="WHICH",
                help="fetch `all` missing models, the `required` ones, or `skip` them, without asking",
                choices=("all", "required", "skip"),
            ),
            flag("--why", help="show the evidence for each decision"),
            CONNECTIONS,
            LIMIT_RATE,
            WHILE_RUNNING,
        ),
        ENVIRONMENT,
        WRITE,
    ),
)
