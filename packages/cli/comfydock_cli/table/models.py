"""Commands about model files: where they are, what they are, and getting them; and about unfinished downloads."""

from comfydock_cli.table.spec import ENVIRONMENT, WORKSPACE, WRITE, Command, flag, value, word

_ABOUT = "models"
_EAGER = flag("--eager", help="read at full speed, without letting other programs go first at the disk")
_MODEL = word("model", "a path, the name of a file, or the first six or more digits of a digest", completer="models")
_DOWNLOAD = "identifier of a download, or the name of its file"

CONNECTIONS = value(
    "--connections", metavar="N", type="int", help="connections for one file at once, 1 to 16 [default: 4]"
)
LIMIT_RATE = value("--limit-rate", metavar="RATE", help="bytes a second at most, such as `500k` or `5M`")

COMMANDS = (
    Command(("model",), "", "Find, verify, fetch and tidy up models", about=_ABOUT),
    Command(("model", "index"), "", "What models there are, and where", about=_ABOUT),
    Command(
        ("model", "index", "sync"),
        "comfydock_cli.global_commands.model_syncing:sync",
        "Bring the index of models up to date",
        "Looks through the models directory, and whatever else environments read models from. Files are only looked"
        " at by name, size and time; `--hash` also reads those that were not read before, and makes their digests. It"
        " goes on where it was stopped.",
        ("comfydock model index sync", "comfydock model index sync --hash"),
        _ABOUT,
        (flag("--hash", help="read files whole and make their digests"), _EAGER),
        WORKSPACE,
        WRITE,
    ),
    Command(
        ("model", "index", "list"),
        "comfydock_cli.global_commands.model_index:list_models",
        "List models",
        "With `--duplicates` those that several files hold, by their digests. With `-e NAME` exactly what ComfyUI of"
        " that environment lists, by the names that its nodes offer.",
        (
            "comfydock model index list",
            "comfydock model index list -e work",
            "comfydock model index list --folder loras",
            "comfydock model index list --duplicates",
        ),
        _ABOUT,
        (
            value("--folder", metavar="FOLDER", help="only ComfyUI's folder of this name", completer="model_folders"),
            flag("--duplicates", help="only models that several files hold"),
        ),
        WORKSPACE,
    ),
    Command(
        ("model", "index", "find"),
        "comfydock_cli.global_commands.model_finding:find",
        "Search the index of models",
        "Shows files whose path or kind has all the words, or the one whose digest begins like the word.",
        ("comfydock model index find detail xl", "comfydock model index find 3495f7ff20bb"),
        _ABOUT,
        (word("words", "parts of a name, a folder or a kind, or digits of a digest", many=True),),
        WORKSPACE,
    ),
    Command(
        ("model", "index", "show"),
        "comfydock_cli.global_commands.model_index:show",
        "Show all about a model",
        "What it is, its digests, all files that hold it, and where it can be had.",
        ("comfydock model index show detail-tweaker-xl.safetensors",),
        _ABOUT,
        (_MODEL,),
        WORKSPACE,
    ),
    Command(
        ("model", "index", "status"),
        "comfydock_cli.global_commands.model_index:status",
        "Show the state of the index of models",
        "",
        ("comfydock model index status",),
        _ABOUT,
        (),
        WORKSPACE,
    ),
    Command(
        ("model", "index", "dir"),
        "comfydock_cli.global_commands.model_syncing:choose_directory",
        "Use another models directory",
        "Every environment's `models` leads there afterwards. No file is moved.",
        ("comfydock model index dir /data/models --dry-run",),
        _ABOUT,
        (word("path", "an existing directory of models", completer="directories"),),
        WORKSPACE,
        WRITE,
    ),
    Command(
        ("model", "verify"),
        "comfydock_cli.global_commands.model_verifying:verify",
        "Check that models are whole",
        "Checks by their headers that files are complete; `--deep` reads them whole and compares their digests with"
        " what is known of them. Exit code 8 means that one is damaged.",
        (
            "comfydock model verify detail-tweaker-xl.safetensors",
            "comfydock model verify --all",
            "comfydock model verify --all --deep",
        ),
        _ABOUT,
        (
            word("model", _MODEL.help, optional=True, many=True, completer="models"),
            flag("--all", help="every model that is indexed"),
            flag("--deep", help="read files whole and compare their digests"),
            flag("--quarantine", help="rename damaged files, so that ComfyUI does not load them"),
            _EAGER,
        ),
        WORKSPACE,
        WRITE,
    ),
    Command(
        ("model", "add-source"),
        "comfydock_cli.global_commands.model_sources:add",
        "Note where a model can be had",
        "Reads the file first if its digest is not known yet: a source belongs to a content, not to a name. Nothing is"
        " fetched.",
        ("comfydock model add-source detail-tweaker-xl.safetensors https://civitai.com/api/download/models/135867",),
        _ABOUT,
        (_MODEL, word("url", "address that the model can be downloaded from")),
        WORKSPACE,
        WRITE,
    ),
    Command(
        ("model", "download"),
        "comfydock_cli.global_commands.model_downloading:download",
        "Download models",
        "Takes addresses of files at Hugging Face, Civitai, GitHub, ModelScope or anywhere else. What is fetched is"
        " compared with the digest that its host or `--sha256` says, and never replaces another file. Without `--to`"
        " the folder is the one that the host or the file itself tells. Ctrl-C keeps what came: `download resume` goes"
        " on.",
        (
            "comfydock model download https://civitai.com/api/download/models/135867",
            "comfydock model download https://huggingface.co/stabilityai/sd-vae-ft-mse/resolve/main/vae.safetensors"
            " --to vae",
        ),
        _ABOUT,
        (
            value(
                "--to",
                metavar="PLACE",
                completer="model_places",
                help="FOLDER or FOLDER/NAME below the models directory",
            ),
            value("--sha256", metavar="DIGEST", help="the SHA-256 that the file has to have"),
            flag("--link", help="link to the same model where it lies already, instead of fetching it"),
            CONNECTIONS,
            LIMIT_RATE,
            word("url", "address of a file", many=True),
        ),
        WORKSPACE,
        WRITE,
    ),
    Command(
        ("model", "search-source"),
        "comfydock_cli.global_commands.model_downloading:search_source",
        "Find out where a model can be had",
        "Asks Civitai by the digest of the file, which is read first if it was not read before, and shows what was"
        " noted of it. Hugging Face is asked for the digests in repositories that sources of the file, its metadata or"
        " ComfyUI-Manager's list of models name. With `--offline` only what was noted.",
        ("comfydock model search-source detail-tweaker-xl.safetensors",),
        _ABOUT,
        (_MODEL,),
        WORKSPACE,
        WRITE,
    ),
    Command(
        ("model", "delete"),
        "comfydock_cli.global_commands.model_removing:delete",
        "Delete a model file",
        "One file; other files of the same model stay. The last one is asked for, by its digest, which is made just"
        " before. `undo` brings the file back until `operation prune` empties the trash.",
        ("comfydock model delete loras/detail-tweaker-xl.safetensors --dry-run",),
        _ABOUT,
        (_MODEL,),
        WORKSPACE,
        WRITE,
    ),
    Command(
        ("model", "dedupe"),
        "comfydock_cli.global_commands.model_removing:dedupe",
        "Let files of equal content share their bytes",
        "Files whose digests are equal, made just before, become clones of one, or hard links where the disk has no"
        " clones. No name changes. `undo` splits them again until `operation prune` frees the space.",
        ("comfydock model dedupe --dry-run", "comfydock model dedupe --folder checkpoints --dry-run"),
        _ABOUT,
        (
            value("--folder", metavar="FOLDER", help="only files of this folder", completer="model_folders"),
            _EAGER,
        ),
        WORKSPACE,
        WRITE,
    ),
    Command(
        ("model", "gc"),
        "comfydock_cli.global_commands.model_collecting:collect",
        "Take model files away that nothing refers to",
        "Looks for the name, digests and parts of each file in the whole history of every environment, in what lies"
        " there now, and in saved workflows. Pictures and other results are not looked at. What is found anywhere, was"
        " changed not long ago or lies in no folder of ComfyUI's is kept; if anything cannot be read, all is. `undo`"
        " brings the files back until `operation prune` empties the trash.",
        ("comfydock model gc --dry-run", "comfydock model gc --folder loras --older-than 12w --dry-run"),
        _ABOUT,
        (
            value(
                "--folder",
                metavar="FOLDER",
                help="only files of this folder, whether ComfyUI knows it or not",
                completer="model_folders",
            ),
            value(
                "--older-than",
                metavar="AGE",
                default="30d",
                help="keep what was changed or seen first later: hours, days or weeks, as in 12h, 30d or 4w",
            ),
        ),
        WORKSPACE,
        WRITE,
    ),
    Command(("model", "root"), "", "The directories that ComfyUI reads models from", about=_ABOUT),
    Command(
        ("model", "root", "list"),
        "comfydock_cli.env_commands.model_roots:list_roots",
        "List the directories of models",
        "The models directory of the workspace, and every directory that `extra_model_paths.yaml` of the environment"
        " names: whether it is there, and which folders and how many files ComfyUI finds in it.",
        ("comfydock model root list", "comfydock model root list --json"),
        _ABOUT,
        (),
        ENVIRONMENT,
    ),
    Command(
        ("model", "root", "add"),
        "comfydock_cli.env_commands.model_roots:add",
        "Let ComfyUI read another directory of models",
        "Adds a section to `extra_model_paths.yaml` of the environment, with the folders of the directory that ComfyUI"
        " knows; those of other programs count as ComfyUI's example file says. The models stay where they are.",
        ("comfydock model root add /data/models", "comfydock model root add ~/stable-diffusion-webui --default"),
        _ABOUT,
        (
            word("path", "a directory that holds folders of models", completer="directories"),
            flag("--default", help="search it first, and save what is downloaded in ComfyUI there"),
            value("--section", metavar="NAME", help="what the section is called, instead of the directory's name"),
        ),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("model", "root", "remove"),
        "comfydock_cli.env_commands.model_roots:remove",
        "Let ComfyUI no longer read a directory of models",
        "Takes a section out of `extra_model_paths.yaml` of the environment. The directory and its models stay.",
        ("comfydock model root remove stable-diffusion-webui", "comfydock model root remove /data/models"),
        _ABOUT,
        (word("root", "a section of the file, or its directory", completer="model_sections"),),
        ENVIRONMENT,
        WRITE,
    ),
    Command(("download",), "", "List, pause, resume and cancel downloads", about=_ABOUT),
    Command(
        ("download", "list"),
        "comfydock_cli.global_commands.downloads:list_downloads",
        "List the downloads that are not finished",
        "One that is `absent` lies on a disk that is not there.",
        ("comfydock download list",),
        _ABOUT,
        (),
        WORKSPACE,
    ),
    Command(
        ("download", "pause"),
        "comfydock_cli.global_commands.downloads:pause",
        "Pause downloads of other commands",
        "Stops the commands that are at work on them; without a name all of them. What came is kept.",
        ("comfydock download pause",),
        _ABOUT,
        (word("download", _DOWNLOAD, optional=True, many=True, completer="downloads"),),
        WORKSPACE,
        WRITE,
    ),
    Command(
        ("download", "resume"),
        "comfydock_cli.global_commands.downloads:resume",
        "Resume downloads",
        "Goes on where they were stopped, or with all that are paused; also after a crash. A file that changed on the"
        " server is fetched from scratch.",
        ("comfydock download resume", "comfydock download resume --limit-rate 5M"),
        _ABOUT,
        (
            word("download", _DOWNLOAD, optional=True, many=True, completer="downloads"),
            CONNECTIONS,
            LIMIT_RATE,
        ),
        WORKSPACE,
        WRITE,
    ),
    Command(
        ("download", "cancel"),
        "comfydock_cli.global_commands.downloads:cancel",
        "Give up downloads",
        "Removes what came of them. Finished files stay.",
        ("comfydock download cancel detail-tweaker-xl.safetensors",),
        _ABOUT,
        (word("download", _DOWNLOAD, many=True, completer="downloads"),),
        WORKSPACE,
        WRITE,
    ),
)
