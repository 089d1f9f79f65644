"""Commands that bring environments to other people and machines, and from them."""

from comfydock_cli.table.models import CONNECTIONS, LIMIT_RATE
from comfydock_cli.table.spec import (
    AUTO_RESOLVE,
    DISCARD,
    ENVIRONMENT,
    OFFLINE_FROM,
    STASH,
    TAKE,
    WHILE_RUNNING,
    WORD,
    WORKSPACE,
    WRITE,
    Arg,
    Command,
    flag,
    value,
    word,
)

_ABOUT = "sharing"
_NAMED = Arg("named", WORD, (), "REMOTE", "the remote; that of the branch by default", completer="remotes")
_REMOTE = value("--remote", "-r", metavar="REMOTE", help="the same as the word REMOTE", completer="remotes")
_SIGNERS = value(
    "--signers",
    metavar="FILE",
    completer="directories",
    help="those whose signature counts, as `ssh-keygen` lists them",
)

COMMANDS: tuple[Command, ...] = (
    Command(
        ("pull",),
        "comfydock_cli.env_commands.pulling:pull",
        "Get what others committed, and merge it",
        "Fetches from a remote and merges the branch there that belongs to this one, as `merge` does: node packs,"
        " packages, ComfyUI, settings, and workflows by node and value. All of it is one operation, which `undo` takes"
        " back. Missing models of the workflows that came are fetched then; one that cannot be had makes the exit code"
        " 3. `--preview` and `--dry-run` fetch the history, and change nothing else.",
        ("comfydock pull", "comfydock pull --preview", "comfydock pull --auto-resolve theirs --models skip"),
        _ABOUT,
        (
            _NAMED,
            _REMOTE,
            value("--branch", "-b", metavar="BRANCH", help="the branch there; that of this branch by default"),
            value("--message", "-m", metavar="MESSAGE", help="the message of the commit, if there is one"),
            TAKE,
            AUTO_RESOLVE,
            flag("--preview", help="show what it would ask and change, and do nothing"),
            value(
                "--models",
                metavar="WHICH",
                default="all",
                choices=("all", "required", "skip"),
                help="fetch `all` models that are missing then, the `required` ones, or `skip` them",
            ),
            STASH,
            DISCARD,
            WHILE_RUNNING,
        ),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("push",),
        "comfydock_cli.env_commands.remotes:push",
        "Bring what is committed to a remote",
        "Pushes the branch that the environment is on, to the branch of the same name. Work that is not committed is"
        " refused. A branch that follows none follows the one there from then on. What the commits that are pushed say"
        " nobody can rebuild elsewhere is listed. `--force-with-lease` replaces what is there, if it is what was last"
        " fetched; `--force` fetches first. `undo` does not concern what was pushed.",
        ("comfydock push", "comfydock push origin --dry-run", "comfydock push --all"),
        _ABOUT,
        (
            _NAMED,
            _REMOTE,
            flag("--all", help="push all branches and tags"),
            flag("--tags", help="push all tags as well"),
            flag("--force-with-lease", help="replace what is there, if it is what was last fetched"),
            flag("--force", "-f", help="fetch, then replace what is there"),
            flag("--set-upstream", "-u", help="let the branch follow the one there, even if it follows another"),
        ),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("fetch",),
        "comfydock_cli.env_commands.remotes:fetch",
        "Learn what a remote has",
        "Fetches the branches of a remote, as `REMOTE/BRANCH`, with the tags that lead to them, and says what is new."
        " The environment, its branches and tags that are here stay as they are; `undo` does not concern it. A history"
        " that was cut off when it was cloned is completed.",
        ("comfydock fetch", "comfydock fetch --all --prune"),
        _ABOUT,
        (
            _NAMED,
            _REMOTE,
            flag("--all", help="fetch from every remote"),
            flag("--prune", help="forget branches that are gone there, and remotes that are gone here"),
        ),
        ENVIRONMENT,
        WRITE,
    ),
    Command(("remote",), "", "See and change where the history is shared", about=_ABOUT),
    Command(
        ("remote", "list"),
        "comfydock_cli.env_commands.remotes:list_remotes",
        "List the remotes",
        "The names of the other repositories of the environment's history, with their addresses.",
        ("comfydock remote list",),
        _ABOUT,
        (),
        ENVIRONMENT,
    ),
    Command(
        ("remote", "add"),
        "comfydock_cli.env_commands.remotes:add",
        "Add a remote",
        "Gives the address of a git repository a name; any host will do, and so will a bare repository in a directory."
        " A login in the address is not kept: git asks its credential helper or ssh. Nothing is fetched yet.",
        ("comfydock remote add backup https://github.com/me/my-environment",),
        _ABOUT,
        (word("name", "what to call it, such as `origin`"), word("url", "its address, or the path of a repository")),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("remote", "remove"),
        "comfydock_cli.env_commands.remotes:remove",
        "Remove a remote",
        "Branches that followed it follow none then, and what was fetched of its branches is forgotten. `undo` brings"
        " the remote back, `fetch` its branches.",
        ("comfydock remote remove origin",),
        _ABOUT,
        (word("name", "the remote", completer="remotes"),),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("remote", "rename"),
        "comfydock_cli.env_commands.remotes:rename",
        "Give a remote another name",
        "What was fetched of its branches goes along, and branches that follow it still do. `undo` gives it the old"
        " name again, and `fetch` gets its branches.",
        ("comfydock remote rename origin upstream",),
        _ABOUT,
        (word("old", "the remote", completer="remotes"), word("new", "its name from then on")),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("export",),
        "comfydock_cli.env_commands.exporting:export",
        "Write an environment to a file for others",
        "The last commit as one `.tar.gz`, which ComfyDock 1.x imports too: manifest, locks, workflows and development"
        " packs, with the digest of everything. The same state gives the same bytes. What nobody could rebuild"
        " elsewhere is refused, or asked about, before anything is written. `-` writes to standard output."
        " `--container` writes a directory that `docker build` makes an image of, with exactly what is locked and"
        " without models.",
        (
            "comfydock export",
            "comfydock export work.tar.gz --with-history --allow-issues",
            "comfydock export work.tar.gz --with-packs --with-wheels --dry-run",
            "comfydock export --container image --kubernetes",
            "comfydock export saved.json --manager-snapshot",
        ),
        _ABOUT,
        (
            word("path", "file or directory to write to [default: `./<name>_export_<date>.tar.gz`]", optional=True,
                 completer="directories"),
            flag("--with-models", help="carry the models that workflows are locked with"),
            flag("--with-packs", help="carry the code of the node packs, so that nothing of them is fetched"),
            flag("--with-wheels", help="carry the wheels of the Python packages that are installed here"),
            flag("--with-history", help="carry the history up to the last commit, with its tags"),
            value("--sign", metavar="KEY", completer="directories", help="sign it by an SSH key, or by the agent"),
            flag("--allow-issues", help="export what workflows lack, and models without a source, as it is"),
            value("--container", metavar="DIR", completer="directories",
                  help="write what builds a container of it, for Docker, Podman and Buildah"),
            flag("--manager-snapshot", help="write a snapshot for ComfyUI-Manager: JSON, or YAML by the name's ending"),
            flag("--kubernetes", help="with `--container`: a manifest that deploys it, too"),
            value("--torch-backend", metavar="BACKEND", completer="torch_backends",
                  help="with `--container`: PyTorch build [default: the one in use]"),
        ),
        ENVIRONMENT,
        WRITE,
    ),
    Command(
        ("import",),
        "comfydock_cli.global_commands.importing:import_",
        "Make an environment of what others made",
        "From a bundle of ComfyDock, ComfyDock 1.x or ComfyGit, a manifest, a directory, or a git repository, whose"
        " history the environment goes on with; `#DIRECTORY` at its end takes a part of it, without history. Also from"
        " a snapshot of ComfyUI-Manager (JSON, YAML), comfy-cli's `comfy-lock.yaml`, or comfy-pack's `.cpack.zip`: what"
        " those pin is taken as far as it fits together, and what they leave open is listed. Everything"
        " is inspected before anything is made, and nothing of it runs. Where a node pack or a model could not be had,"
        " the exit code is 3.",
        (
            "comfydock import bundle.tar.gz --name copy --preview",
            "comfydock import bundle.tar.gz --name copy --models skip",
            "comfydock import snapshot.json --name copy --preview",
            "comfydock import --workspace ../older --preview",
            "comfydock import work --name copy --offline-from /data/mirror",
        ),
        _ABOUT,
        (
            word("source", "bundle, manifest, snapshot, directory or git repository; `-` reads standard input",
                 optional=True, completer="directories"),
            value("--workspace", metavar="DIR", completer="directories",
                  help="import every environment of a workspace of ComfyDock 1.x or ComfyGit; models stay there"),
            value("--name", metavar="NAME", help="name of the new environment; asked for otherwise"),
            value("--ref", "--branch", "-b", metavar="REF", help="branch, tag or commit of a repository"),
            value("--models", metavar="WHICH", help="fetch `all` missing models, the `required` ones, or `skip` them",
                  default="all", choices=("all", "required", "skip")),
            value("--torch-backend", metavar="BACKEND", default="auto", completer="torch_backends",
                  help="PyTorch build: auto, cpu, cuNNN, rocmX.Y, xpu or none"),
            value("--comfyui-repository", metavar="URL", help="take ComfyUI from another repository",
                  environment="COMFYDOCK_COMFYUI_REPOSITORY"),
            flag("--preview", help="show what is in it and what would be done; like `--dry-run`"),
            flag("--require-signed", help="refuse what none of the signers has signed"),
            _SIGNERS,
            flag("--keep-going", help="leave out node packs that cannot be fetched (exit code 3)"),
            flag("--use", help="make it the active environment"),
            OFFLINE_FROM,
            CONNECTIONS,
            LIMIT_RATE,
        ),
        WORKSPACE,
        WRITE,
    ),
    Command(("bundle",), "", "Show and verify bundles", about=_ABOUT),
    Command(
        ("bundle", "show"),
        "comfydock_cli.global_commands.bundles:show",
        "Show what is in a bundle",
        "ComfyUI, node packs, packages, workflows and models, what of it is on this machine, and what is missing.",
        ("comfydock bundle show bundle.tar.gz", "comfydock bundle show bundle.tar.gz --json"),
        _ABOUT,
        (word("file", "the bundle; `-` reads standard input", completer="directories"),),
    ),
    Command(
        ("bundle", "verify"),
        "comfydock_cli.global_commands.bundles:verify",
        "Verify a bundle",
        "Compares every file with the digest that the bundle lists, and shows by whom it is signed. With `--signers`"
        " only a signature by one of them will do.",
        ("comfydock bundle verify bundle.tar.gz",),
        _ABOUT,
        (word("file", "the bundle; `-` reads standard input", completer="directories"), _SIGNERS),
    ),
    Command(("mirror",), "", "Take environments to machines without a network", about=_ABOUT),
    Command(
        ("mirror", "export"),
        "comfydock_cli.global_commands.mirrors:export",
        "Put all that environments need into a directory",
        "The last commits as bundles with their histories, and whatever any commit of them needs: node packs, histories"
        " of repositories, the locked Python packages for this platform, Python itself where uv manages it, what the"
        " registry says, and models where they are wanted. A further run adds what is new. What could not be had is"
        " listed; the exit code is 3 then.",
        (
            "comfydock mirror export /data/mirror",
            "comfydock mirror export /data/mirror work --models required",
        ),
        _ABOUT,
        (
            word("dir", "directory of the mirror, which is made if it does not exist", completer="directories"),
            word("environments", "the environments [default: all]", optional=True, many=True,
                 completer="environments"),
            value("--models", metavar="WHICH", help="take `all` models, those that are `required`, or `none`",
                  default="none", choices=("none", "required", "all")),
        ),
        WORKSPACE,
        WRITE,
    ),
    Command(
        ("mirror", "verify"),
        "comfydock_cli.global_commands.mirrors:verify",
        "Verify a mirror",
        "Compares every file with the digest that `mirror.json` lists, and names what is changed, missing or"
        " additional.",
        ("comfydock mirror verify /data/mirror",),
        _ABOUT,
        (word("dir", "directory of the mirror", completer="directories"),),
    ),
    Command(
        ("mirror", "import"),
        "comfydock_cli.global_commands.mirrors:import_",
        "Give a workspace all that a mirror has",
        "Fills the caches of this workspace, so that `--offline` works for whatever is in the mirror: `import` of its"
        " environments, `create`, `node add`, `sync`, `switch`. Every file is compared with its digest on the way. A"
        " Python of the mirror is put where uv finds it and runs as it is: take mirrors only from people you trust. No"
        " environment is made or changed. `import NAME --offline-from DIR` does this first.",
        ("comfydock mirror import /data/mirror",),
        _ABOUT,
        (word("dir", "directory of the mirror", completer="directories"),),
        WORKSPACE,
        WRITE,
    ),
)  # fmt: skip
