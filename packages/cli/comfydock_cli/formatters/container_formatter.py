"""Build contexts of containers as text and as data."""

from comfydock_cli.cli_utils import Result
from comfydock_cli.ui.console import clean
from comfydock_core.models.containers import ContainerContext, ContainerRequest
from comfydock_core.utils.text import counted, size_text


def exported_container(context: ContainerContext, request: ContainerRequest) -> Result:
    """A line about the directory, and what of the environment is not in it."""
    image = context.image
    data = {
        "environment": image.name,
        "commit": image.revision,
        "directory": context.directory,
        "written": not request.rehearsal,
        "files": context.files,
        "size": context.size,
        "torch_backend": image.backend,
        "python": image.python,
        "system_packages": list(image.libraries),
        "packs": list(context.packs),
        "notes": list(context.notes),
    }
    verb = "would export" if request.rehearsal else "exported"
    text = (
        f"{verb} a container of {image.name} to {clean(context.directory)}: {counted(context.files, 'file')},"
        f" {size_text(context.size)}, {counted(len(context.packs), 'node pack')}, PyTorch {image.backend}\n"
    )
    return Result(data, text, note="\n".join(clean(note) for note in context.notes))
