"""Commands that bring environments to other people and machines, and from them."""

from comfydock_cli.table.models import CONNECTIONS, LIMIT_RATE
from comfydock_cli.table.spec import ENVIRONMENT, WORKSPACE, WRITE, Command, flag, value, word

_ABOUT = "sharing"
_SIGNERS = value(
    "--signers",
    metavar="FILE",
    completer="directories",
    help="those whose signature counts, as `ssh-keygen` lists them",
)

COMMANDS: tuple[Command, ...] = (
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
            "comfydock export work.tar.gz --with-packs --dry-run",
            "comfydock export --container image --kubernetes",
        ),
        _ABOUT,
        (
            word("path", "file or directory to write to [default: `./<name>_export_<date>.tar.gz`]", optional=True,
                 completer="directories"),
            flag("--with-models", help="carry the models that workflows are locked with"),
            flag("--with-packs", help="carry the code of the node packs, so that nothing of them is fetched"),
            flag("--with-history", help="carry the history up to the last commit, with its tags"),
            value("--sign", metavar="KEY", completer="directories", help="sign it by an SSH key, or by the agent"),
            flag("--allow-issues", help="export what workflows lack, and models without a source, as it is"),
            value("--container", metavar="DIR", completer="directories",
                  help="write what builds a container of it, for Docker, Podman and Buildah"),
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
        " history the environment goes on with; `#DIRECTORY` at its end takes a part of it, without history. Everything"
        " is inspected before anything is made, and nothing of it runs. Where a node pack or a model could not be had,"
        " the exit code is 3.",
        (
            "comfydock import bundle.tar.gz --name copy --preview",
            "comfydock import bundle.tar.gz --name copy --models skip",
        ),
        _ABOUT,
        (
            word("source", "bundle, manifest, directory or git repository; `-` reads a bundle from standard input",
                 completer="directories"),
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
        " of repositories, the locked Python packages for this platform, what the registry says, and models where they"
        " are wanted. A further run adds what is new. What could not be had is listed; the exit code is 3 then.",
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
        " environments, `create`, `node add`, `sync`, `switch`. Every file is compared with its digest on the way. No"
        " environment is made or changed.",
        ("comfydock mirror import /data/mirror",),
        _ABOUT,
        (word("dir", "directory of the mirror", completer="directories"),),
        WORKSPACE,
        WRITE,
    ),
)  # fmt: skip
