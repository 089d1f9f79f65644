"""Commands about workflows: what they need, and whether they run."""

from comfydock_cli.table.models import CONNECTIONS, LIMIT_RATE
from comfydock_cli.table.spec import ENVIRONMENT, WHILE_RUNNING, WRITE, Command, flag, value, word

_ABOUT = "workflows"
_WORKFLOW = word(
    "workflow", "a workflow of the environment, or a file: JSON, or a picture or video", completer="workflows"
)
_NAMED = word("workflow", "a workflow of the environment", completer="workflow_names")
_IN_WORKFLOW = value(
    "--workflow", metavar="NAME", help="for this workflow alone, not for all", completer="workflow_names"
)

COMMANDS = (
    Command(("workflow",), "", "See what workflows need, and whether they run", about=_ABOUT),
    Command(
        ("workflow", "list"),
        "comfydock_cli.env_commands.workflows:list_workflows",
        "List the workflows of an environment",
        "Those that ComfyUI's editor saves, in subdirectories too, with how they differ from their committed copies and"
        " what their last check found. What was checked before files that it relied on changed counts as not checked.",
        ("comfydock workflow list", "comfydock workflow list --check -e work"),
        _ABOUT,
        (flag("--check", help="check those first that are not checked"),),
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
        "By ComfyUI's own rules, applied to what the code says; nothing is started and nothing is fetched. Where there"
        " is a lock, it says what is other than locked. Ends with exit code 1 when one does not run, with `--locked`"
        " also when one differs from its lock or has none.",
        (
            "comfydock workflow check portrait",
            "comfydock workflow check --all",
            "comfydock workflow check portrait --locked",
        ),
        _ABOUT,
        (
            word("workflow", "workflows of the environment, or files", many=True, optional=True, completer="workflows"),
            flag("--all", help="every workflow of the environment"),
            flag("--locked", help="exit code 1 also when something is other than locked"),
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
        ("workflow", "lock"),
        "comfydock_cli.env_commands.workflow_locking:lock",
        "Note what a workflow is made with",
        "Writes node packs with their commits, models and input files with their digests, and ComfyUI's commit to"
        " `.cec/workflow-locks`. Models are read whole once. With `--embed` the workflow's own file gets it, too, so"
        " that others can get the same. Ends with exit code 1 when something could not be locked.",
        ("comfydock workflow lock portrait", "comfydock workflow lock --all --embed"),
        _ABOUT,
        (
            word("workflow", "workflows of the environment", many=True, optional=True, completer="workflows"),
            flag("--all", help="every workflow of the environment"),
            flag("--embed", help="write the lock into the workflow's own file as well"),
        ),
        ENVIRONMENT,
        WRITE,
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
            _NAMED,
            flag("--auto", help="ask nothing: decide what is clear, add and fetch what other options name"),
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
    Command(("workflow", "node"), "", "Say which node packs the classes of workflows are from", about=_ABOUT),
    Command(
        ("workflow", "node", "map"),
        "comfydock_cli.env_commands.workflow_choices:map_class",
        "Say which node pack a class is from",
        "It is remembered in the manifest, for every workflow of the environment or with `--workflow` for one, and goes"
        " before all evidence. Nothing is installed by it.",
        (
            "comfydock workflow node map FaceDetailer comfyui-impact-pack",
            "comfydock workflow node map FaceDetailer --optional --workflow faces",
        ),
        _ABOUT,
        (
            word("class", "the node's type, as the editor shows it", completer="workflow_classes"),
            word("pack", "identifier or address of the pack", optional=True, completer="packs"),
            _IN_WORKFLOW,
            flag("--optional", help="it needs no pack: the workflow does without it"),
        ),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("workflow", "node", "unmap"),
        "comfydock_cli.env_commands.workflow_choices:unmap_class",
        "Take such a choice back",
        "The evidence decides again.",
        ("comfydock workflow node unmap FaceDetailer",),
        _ABOUT,
        (word("class", "the node's type", completer="chosen_classes"), _IN_WORKFLOW),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("workflow", "node", "list"),
        "comfydock_cli.env_commands.workflow_choices:list_classes",
        "List which node packs classes are from",
        "What was chosen; with a workflow all its classes, and what decided about each.",
        ("comfydock workflow node list", "comfydock workflow node list portrait"),
        _ABOUT,
        (word("workflow", "a workflow of the environment", optional=True, completer="workflow_names"),),
        ENVIRONMENT,
    ),
    Command(("workflow", "model"), "", "See and say what the models of workflows are", about=_ABOUT),
    Command(
        ("workflow", "model", "list"),
        "comfydock_cli.env_commands.workflow_models:list_models",
        "List the models that a workflow asks for",
        "With how much each matters, and the file that it is here.",
        ("comfydock workflow model list portrait",),
        _ABOUT,
        (_NAMED,),
        ENVIRONMENT,
    ),
    Command(
        ("workflow", "model", "map"),
        "comfydock_cli.env_commands.workflow_models:map_model",
        "Say which file a name of a model means",
        "The name is written in the workflow as ComfyUI lists the file, every other byte stays; and it is remembered.",
        ("comfydock workflow model map portrait photo.safetensors checkpoints/photo-v2.safetensors",),
        _ABOUT,
        (
            _NAMED,
            word("value", "the name that stands in the workflow"),
            word("file", "the file: `FOLDER/NAME` as ComfyUI lists it, or a path", completer="models"),
        ),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("workflow", "model", "importance"),
        "comfydock_cli.env_commands.workflow_models:importance",
        "Say how much a model of a workflow matters",
        "`required` and `flexible` ones must be here, `optional` ones may be absent;"
        " `workflow resolve --models required` fetches the first alone.",
        ("comfydock workflow model importance portrait photo-v2.safetensors optional",),
        _ABOUT,
        (
            _NAMED,
            word("model", "its name in the workflow, its file name, or its hash in the manifest"),
            word("level", "how much it matters", choices=("required", "flexible", "optional")),
        ),
        ENVIRONMENT,
        WRITE,
    ),
)
