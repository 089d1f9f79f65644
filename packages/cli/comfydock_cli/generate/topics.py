"""The topics of `comfydock help TOPIC`, as blocks that the help, the manual pages and the reference print alike.

A block is a paragraph, which is a text, or a table: rows of a term and its explanation. The term of a row is what
somebody types or reads literally. Commands within texts stand in backquotes, other terms of the shell too.
"""

from comfydock_cli.generate.help import columns, wrap

_COLUMN = 34  # Where explanations begin at the latest.

Row = tuple[str, str]
Block = str | tuple[Row, ...]


class Topic:
    """One topic: its name, the line that lists it, its title and its blocks."""

    __slots__ = ("blocks", "name", "summary", "title")

    def __init__(self, name: str, title: str, summary: str, *blocks: Block) -> None:
        self.name = name
        self.title = title
        self.summary = summary
        self.blocks = blocks


def topic_text(topic: Topic, width: int) -> str:
    """A topic as `comfydock help` prints it."""
    blocks = [[topic.title], *(_block(block, width) for block in topic.blocks)]
    return "\n\n".join("\n".join(lines) for lines in blocks) + "\n"


def _block(block: Block, width: int) -> list[str]:
    if isinstance(block, str):
        return wrap(block, width, 0)
    return columns(list(block), width, min(_COLUMN, width * 2 // 5))


def topic_list(width: int) -> str:
    """Every topic with its summary, as the end of `comfydock help`."""
    pairs = [(name, topic.summary) for name, topic in TOPICS.items()]
    return "\n".join(["topics:", *columns(pairs, width, 16)]) + "\n"


_ENVIRONMENTS = Topic(
    "environments",
    "Environments",
    "What an environment is, and how to create, choose and repair one",
    "An environment is a ComfyUI of its own, with its own Python packages, node packs, workflows and outputs; only"
    " models are shared. Its definition pins what it is made of: the commit of ComfyUI, the version of every node pack,"
    " and every Python package with its hashes. What is installed can always be rebuilt from it.",
    (
        ("comfydock create NAME", "create one from a release, branch or commit of ComfyUI, or from a template"),
        ("comfydock adopt PATH --name NAME", "create one from an existing installation, which is only read"),
        ("comfydock clone SOURCE NAME", "copy one, to try something in the copy"),
        ("comfydock list --long", "list them with their versions and states"),
        ("comfydock rename NAME NEW_NAME", "give one another name"),
        ("comfydock delete NAME", "delete one; shared models stay"),
    ),
    "Commands work on the active environment, which `comfydock use NAME` chooses. `-e NAME` names another one for a"
    " single command.",
    "`comfydock status` compares what is installed with the definition. Where the two differ:",
    (
        ("comfydock sync", "install what the definition says"),
        ("comfydock sync --relock", "resolve the packages again first, after the manifest was edited by hand"),
        ("comfydock repair", "do the same as `sync`, but install every package from scratch"),
        ("comfydock undo", "take back the last change"),
        ("comfydock doctor", "look for anything else that is wrong, and say how to fix it"),
    ),
    "`comfydock help environment` is about environment variables, `comfydock help files` about what lies where.",
)

_NODES = Topic(
    "nodes",
    "Node packs",
    "Where node packs come from, and what is checked before one is added",
    "A node pack is a directory of custom nodes for ComfyUI. `comfydock node add PACK` takes one from any of these"
    " sources:",
    (
        ("ID, ID@VERSION", "the Comfy registry"),
        ("URL, URL@REF", "a git repository, at a branch, tag or commit"),
        ("PATH", "a folder or a repository on this machine, which is copied"),
        ("NAME --dev", "a directory among the custom nodes already: your own work, never updated and never deleted"),
    ),
    "Its version is pinned in the manifest. Its Python packages are resolved together with everything that is locked"
    " already; if they do not fit, nothing is changed, and the requirements that collide are named.",
    (
        ("comfydock node search WORDS", "find packs by name, description or node class"),
        ("comfydock node why-not PACK", "see whether a pack would fit, without adding it"),
        ("comfydock node add PACK", "add it; `--verify` makes sure first that ComfyUI can import it"),
        ("comfydock node list", "list the packs, with files that were changed by hand"),
        ("comfydock node update --all", "update them; `--dry-run` shows the commits and the new code worth a look"),
        ("comfydock node disable PACK", "make ComfyUI skip it; `node enable` takes no time afterwards"),
        ("comfydock node remove PACK", "remove it; `comfydock undo` brings it back"),
        ("comfydock node verify", "start ComfyUI once and see which packs it can import"),
        ("comfydock node why NAME", "see who needs a pack, a node class or a Python package"),
        ("comfydock node prune", "remove the packs that no workflow needs"),
    ),
    "A node pack is a program: it runs with your permissions. `node add` and `node update` read its code without"
    " running it and report what is suspicious; `comfydock config --node-policy refuse` refuses such packs. A pack's"
    " `install.py` runs only with `--run-install-script`.",
    "Searching, and finding a pack by its node classes, needs the lists that `comfydock registry update` fetches.",
)

_PACKAGES = Topic(
    "packages",
    "Python packages",
    "Who requires Python packages, how they are locked, and PyTorch's back ends",
    "Python packages are required by ComfyUI, by node packs, and by you. uv resolves all of these requirements"
    " together; if they cannot be met together, nothing is changed.",
    (
        ("comfydock py add PACKAGE", "add requirements of your own"),
        ("comfydock py remove PACKAGE", "remove them, with the packages that nothing needs any more"),
        ("comfydock py list", "show what is required, by whom, and at which version it is locked"),
        ('comfydock constraint add "numpy<2"', "limit the version of a package, whoever requires it"),
        ("comfydock node why NAME", "explain why a package is installed"),
        ("comfydock outdated", "show what has newer versions"),
    ),
    "`--strict` refuses a change to packages that are locked already, `--no-test` skips the check that comes first."
    " `comfydock py uv` runs uv itself on the environment: it checks nothing, and `undo` does not cover it.",
    "The manifest and `uv.lock` are the same for every machine. PyTorch is not: its builds for each back end, such as"
    " `cpu`, `cu128` or `rocm6.4`, are locked in a file of their own, and each machine notes which one it uses.",
    (
        ("comfydock backend list", "list the back ends that are locked"),
        ("comfydock backend use BACKEND", "use another one on this machine; `auto` detects it"),
        ("comfydock backend lock BACKEND", "lock one for other machines; it takes no GPU"),
        ("comfydock backend check", "find locks that cannot be used"),
    ),
    "For an environment with the packages of an earlier day there is `comfydock create NAME --as-of DATE`.",
)

_MODELS = Topic(
    "models",
    "Models",
    "How models are found, known by their content, fetched and tidied up",
    "All environments of a workspace share one models directory, and each may read from more. No model is ever moved,"
    " changed or removed as a side effect of anything.",
    "The index knows every file by name, size and time. What a file is (the family of a checkpoint, the rank of a LoRA)"
    " is read from its header, which takes a moment. Two files are equal only when their digests are, BLAKE3 and"
    " SHA-256; for these a file is read whole, once.",
    (
        ("comfydock model index sync", "note what is new, changed or gone; `--hash` makes the digests, too"),
        ("comfydock model index list", "list models; `--duplicates` shows those that lie there more than once"),
        ("comfydock model index find WORDS", "search by name, folder or kind, or by digits of a digest"),
        ("comfydock model index show MODEL", "show all that is known of one, and where it can be had"),
        ("comfydock model index dir PATH", "use another models directory"),
        ("comfydock model verify --all", "find truncated files by their headers; `--deep` finds every other damage"),
        ("comfydock model dedupe", "let equal files share their bytes, where they lie"),
        ("comfydock model gc", "take away what no environment and no workflow refers to, now or in its history"),
        ("comfydock model delete MODEL", "delete one file; the last one of a model only after asking"),
    ),
    "What is downloaded gets its name when it is whole and has the digest that its host names. Ctrl-C, a crash or a"
    " power cut lose next to nothing of it.",
    (
        (
            "comfydock model download URL",
            "download from Hugging Face, Civitai or elsewhere; `--to FOLDER` says where to",
        ),
        ("comfydock download list", "list what is not finished"),
        ("comfydock download resume", "go on with it"),
        ("comfydock model search-source MODEL", "find out where a file that is here can be had"),
    ),
    "`comfydock registry update` also fetches ComfyUI-Manager's list of models. `workflow resolve` and `workflow check`"
    " look there for a missing model when nothing else says where it can be had: by the whole name of the file, in a"
    " folder that the node reads. A name proves nothing, so where the list has several addresses you choose.",
    "What is deleted, deduplicated or renamed is kept beside the models, in `.ops`, until `comfydock operation prune`:"
    " `comfydock undo` takes each of these changes back, and no space is free before it is pruned.",
    "Reading lets other programs go first at the disk, and leaves the system's cache of files as it was, so that it may"
    " go on beside a working ComfyUI; `--eager` reads at full speed.",
)

_WORKFLOWS = Topic(
    "workflows",
    "Workflows",
    "How to see what a workflow needs, whether it runs here, and to get what is missing",
    "A workflow is read as the editor would run it: subgraphs are opened, links followed, and every value is taken from"
    " where it was set. It may be a workflow of an environment, a file that the editor saved or exported, or a picture,"
    " a video or a sound that ComfyUI made.",
    (
        ("comfydock workflow list", "list the workflows of an environment"),
        (
            "comfydock workflow show WORKFLOW",
            "show every node with its inputs; `--api` prints the prompt for the server",
        ),
        ("comfydock workflow analyze FILE", "show node classes, models and input files, without any environment"),
        ("comfydock workflow check WORKFLOW", "see whether it runs here, and what is in its way"),
        ("comfydock workflow resolve WORKFLOW", "add the node packs and fetch the models that are missing"),
        ("comfydock workflow draw WORKFLOW -o FILE.svg", "draw it, with what is missing marked"),
    ),
    "What node classes take in is read from the code of ComfyUI and of the node packs; none of it is run. Where only a"
    " run would tell, this is said.",
    "Which node pack a class is from is decided by evidence: what the file says, the installed packs, the lists that"
    " `comfydock registry update` fetches, and the other classes of the workflow. `--why` shows it. With `--auto` a"
    " pack is chosen only where the evidence is clear.",
)

_UNDO = Topic(
    "undo",
    "Changes and undo",
    "How a change is made, what is kept of it, and how to take it back",
    "A change is prepared aside and then put in place at once: it happens completely or not at all, even if the"
    " program is killed or the disk is full. `--dry-run` shows what a change would do. What a change replaces is kept,"
    " so that it can be undone:",
    (
        ("comfydock undo", "undo the last change; undoing the undo redoes it"),
        ("comfydock operation list", "list the changes to the workspace and to the active environment"),
        ("comfydock operation show 12", "show what one of them did and what it keeps"),
        ("comfydock operation undo 12", "undo one of them, as long as its result is unchanged"),
        ("comfydock operation prune", "free the space of what is kept, which cannot be undone afterwards"),
    ),
    "The last three changes that keep directories, such as a deleted environment or a replaced virtual environment, are"
    " kept, and so are the smaller ones in between. Older ones are removed for good.",
    "Only one command at a time changes an environment, or the list of environments. A second one ends with exit code 7"
    " and names the first; with `--wait SECONDS` it waits.",
    "A change that was interrupted is finished or removed by the next one, which says so. With `--no-settle` the next"
    " one refuses instead, and `comfydock operation resume` and `comfydock operation undo` let you choose.",
    "`comfydock undo --help` shows the options of the command.",
)

_HISTORY = Topic(
    "history",
    "History",
    "What an environment was at each commit, how to name and compare commits, and how to go there",
    "The definition of an environment, `.cec`, is a git repository, which `git` alone can read, push and merge as well."
    " A commit pins ComfyUI, node packs, Python packages and workflows.",
    (
        ("comfydock log", "list the commits; with a workflow, those that changed it"),
        ("comfydock show v3", "show what a commit changed"),
        ("comfydock diff", "compare the last commit with what is there now"),
        ("comfydock diff v1..v3", "compare two commits"),
        ("comfydock blame WORKFLOW", "name the commit that set each value of a workflow"),
    ),
    "An environment can be put at any of them: ComfyUI, node packs, packages and workflows become what they were then.",
    (
        ("comfydock checkout v3", "go to a commit, on no branch"),
        ("comfydock switch -c NAME", "make a branch and be on it; `switch NAME` goes to one that there is"),
        ("comfydock merge BRANCH", "unite another branch with this one; it asks where both changed the same"),
        ("comfydock revert v3", "undo what one commit changed, by a new commit"),
        ("comfydock rollback v3", "go back by a new commit; `reset --hard` goes back without one"),
        ("comfydock stash", "put uncommitted work aside; `stash pop` brings it back"),
        ("comfydock bisect run", "find the commit, and what of it, that broke the environment"),
    ),
    "Work that is not committed is never overwritten unasked: it is listed, `--stash` puts it aside, and `--discard`"
    " overwrites what `undo` can still bring back.",
    "A commit has many names:",
    (
        ("v3", "the third commit, counted from the first one; where branches were merged, along the first parents"),
        ("main, my-tag", "a branch or a tag; `heads/NAME` and `tags/NAME` where both have the name"),
        ("0bef7ace", "the first digits of its hash, four or more"),
        ("HEAD, HEAD~2", "the last commit, and the second one before it"),
        ("@{yesterday}", "where the branch was then; `@{upstream}` is the branch of the remote that it follows"),
        ("op:42", "not a commit, but the state before operation 42, as long as that is kept"),
    ),
    "Workflows are compared by what they run: nodes, values and links. Where nodes are drawn is mentioned at most, and"
    " a seed that the editor sets anew for each run is no difference.",
)

_ENVIRONMENT = Topic(
    "environment",
    "Environment variables",
    "The environment variables that ComfyDock reads",
    "Where things are and where they come from:",
    (
        ("COMFYDOCK_HOME", "the workspace [default: ~/comfydock]"),
        ("COMFYDOCK_COMFYUI_REPOSITORY", "where `create` takes ComfyUI from: an address or a path"),
        ("COMFYDOCK_REGISTRY_URL", "the Comfy registry, or a mirror of it"),
        ("COMFYDOCK_GITHUB_API_URL", "GitHub's API, or a mirror of it"),
        ("COMFYDOCK_NODE_DATA_URL", "ComfyDock's list of node packs"),
        ("COMFYDOCK_MANAGER_DATA_URL", "the directory of ComfyUI-Manager's lists of node packs and models"),
        ("COMFYDOCK_CIVITAI_URL", "Civitai, or a mirror of it"),
        ("HF_ENDPOINT", "Hugging Face, or a mirror of it"),
        ("COMFYDOCK_PYTORCH_INDEX_URL", "the index of PyTorch builds; the name of the back end is appended"),
        ("COMFYDOCK_UV", "the uv program to use"),
    ),
    "The network:",
    (
        ("CIVITAI_API_TOKEN", "your key for Civitai; it is sent there alone"),
        ("HF_TOKEN, HUGGING_FACE_HUB_TOKEN", "your token for Hugging Face; it is sent there alone"),
        ("HF_TOKEN_PATH, HF_HOME, XDG_CACHE_HOME", "where `hf auth login` keeps that token, by which it is found"),
        ("GITHUB_TOKEN", "raises GitHub's rate limit; it is sent to GitHub's API alone"),
        ("COMFYDOCK_RELEASE_URL", "where `self update` finds releases: a directory or an address"),
        ("COMFYDOCK_STALL_SECONDS", "give up on a server that sends nothing for so long [default: 30]"),
        ("HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY", "honoured for every request"),
    ),
    "The terminal and the account:",
    (
        ("COLUMNS", "the width of texts, instead of the terminal's"),
        ("NO_COLOR, FORCE_COLOR", "turn colours off or on"),
        ("TERM, CI", "no progress bars where `TERM` is `dumb` or `CI` is set"),
        ("SHELL", "the shell that `completion` is turned on for, unless it is named"),
        ("HOME, XDG_CONFIG_HOME, XDG_DATA_HOME, ZDOTDIR", "where shells and git keep their files"),
        ("GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL", "the author of an environment's history, if git knows none"),
    ),
    "uv's own variables (`UV_INDEX`, `UV_FIND_LINKS`, `UV_OFFLINE` and so on) pass through. Left out are those that"
    " would lead uv to another project, interpreter or PyTorch, such as `UV_PROJECT`, `UV_PYTHON` and"
    " `UV_TORCH_BACKEND`. Refused are those that would decide about packages behind the definition's back, such as"
    " `UV_CONSTRAINT` and `UV_OVERRIDE`. git's own variables pass through unless they name a repository, such as"
    " `GIT_DIR`.",
    "For tests of ComfyDock itself:",
    (
        ("COMFYDOCK_FAULT, COMFYDOCK_FAULT_LOG", "make a change fail at a given point, or note its points"),
        ("COMFYDOCK_MODULES_FILE", "write down which modules a run has loaded"),
        ("EAGER_IMPORT", "load the whole library at once"),
    ),
)

_EXIT_CODES = Topic(
    "exit-codes",
    "Exit codes",
    "What each exit code says",
    (
        ("0", "success"),
        ("1", "unexpected: a fault of ComfyDock"),
        ("2", "usage: an unknown command or option, or a value that cannot be used"),
        ("3", "not found: a workspace, an environment, a node pack, a version"),
        ("4", "conflict: something stands in the way, and you have to decide"),
        ("5", "remote: the network, a server, or a login"),
        ("6", "tool: uv, git or the file system failed"),
        ("7", "busy: another command is changing the same thing, or ComfyUI is running"),
        ("8", "integrity: something is damaged; it was left as it is"),
        ("129", "the terminal was closed"),
        ("130", "interrupted, by Ctrl-C"),
        ("141", "the reader of the output went away"),
        ("143", "terminated"),
    ),
    "A command that did its work and found a problem ends with the code of that problem, too: `comfydock doctor` with"
    " 8, `comfydock sync` with 3 when a node pack has no known source.",
    "`comfydock run` and `comfydock py uv` end with the exit code of ComfyUI and of uv.",
    "Each error also has a code of its own, such as `environment-not-found`. `comfydock explain` lists them,"
    " `comfydock explain CODE` explains one.",
)

_FILES = Topic(
    "files",
    "Files",
    "What lies where in a workspace and in an environment",
    "A workspace is a directory that holds `.metadata`: the one that COMFYDOCK_HOME names, else `~/comfydock`.",
    (
        (".metadata/", "settings of the workspace"),
        ("environments/NAME/", "an environment"),
        ("environments/.ops/", "what changes replaced or removed, until it is pruned"),
        ("models/", "models, shared by all environments, unless the workspace uses another directory"),
        ("models/.ops/", "model files that were deleted or deduplicated, until it is pruned"),
        ("comfydock_cache/", "git mirrors, node packs and lists: whatever can be fetched again; the index of models"),
        ("uv_cache/, uv/", "uv's cache, and the interpreters that uv installed"),
        ("logs/", "a log for each environment, and one for the workspace"),
    ),
    "An environment:",
    (
        (".cec/", "its definition, a git repository"),
        (".cec/pyproject.toml", "the manifest: ComfyUI, node packs, and requirements"),
        (".cec/uv.lock", "every Python package with its hashes, the same for all machines"),
        (".cec/backends/BACKEND/pylock.toml", "PyTorch for one back end"),
        (".cec/.pytorch-backend", "the back end that this machine uses; not part of the history"),
        (".venv/", "the installed packages"),
        ("ComfyUI/", "ComfyUI with its node packs, workflows, inputs and outputs; `models` is a link"),
        (".ops/", "what changes replaced or removed, until it is pruned"),
    ),
    "The manifest may be edited by hand; `comfydock sync --relock` makes the rest follow. `comfydock manifest` prints"
    " it. Everything in `.cec` that git does not ignore is meant to be committed and shared.",
    "Workspaces of ComfyDock 1.x open in place.",
)

_JSON = Topic(
    "json",
    "JSON",
    "What commands print with `--json`",
    "With `--json` a command prints exactly one object on standard output, whether it succeeds or fails:",
    (
        ("version", "the version of this format: 1"),
        ("command", "the words of the command, such as `node add`"),
        ("status", "`ok`, `failed` (it worked, and found a problem) or `error`"),
        ("exit_code", "the exit code of the program"),
        ("data", "what the command found or did; null with an error"),
        ("errors", "a list of objects with `code`, `message`, `hint` and `context`"),
    ),
    "`comfydock bisect run` prints one such object on a line for each trial as it ends, with the status `progress`, the"
    " exit code null and the trial in `data`; the last line is the answer.",
    "Progress, notes and warnings go to standard error. With `--dry-run` the plan is in `data`.",
    "`comfydock run` in the foreground and `comfydock py uv` hand standard output to another program, so they have no"
    " `--json`.",
    "`comfydock explain CODE` describes the code of an error.",
)

TOPICS = {
    topic.name: topic
    for topic in (
        _ENVIRONMENTS,
        _NODES,
        _PACKAGES,
        _MODELS,
        _WORKFLOWS,
        _HISTORY,
        _UNDO,
        _ENVIRONMENT,
        _EXIT_CODES,
        _FILES,
        _JSON,
    )
}
