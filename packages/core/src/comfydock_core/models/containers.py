"""Build contexts of container images: what one is asked for, and what came of it."""

from comfydock_core.records import record


@record
class ContainerRequest:
    """`directory` is made by the export. Without `backend` the one that is chosen on this machine is built for.

    A `rehearsal` makes everything and throws it away.
    """

    directory: str
    backend: str | None = None
    kubernetes: bool = False
    rehearsal: bool = False


@record
class ContainerImage:
    """What the text of a Containerfile depends on.

    `libraries` are packages of Debian that the locked Python packages load or start, `builders` what it takes to build
    those that come as source, `revision` the commit of the definition.
    """

    name: str
    python: str
    uv: str
    backend: str
    comfyui: str
    revision: str
    libraries: tuple[str, ...] = ()
    builders: tuple[str, ...] = ()
    has_wheels: bool = False
    has_workflows: bool = False


@record
class ContainerContext:
    """A context that was written: its directory, number and size (in bytes) of its files, and what has to be said."""

    directory: str
    image: ContainerImage
    files: int
    size: int
    packs: tuple[str, ...]
    notes: tuple[str, ...] = ()
