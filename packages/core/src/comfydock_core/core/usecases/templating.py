"""Making an environment from a template: the definition of another one, at the versions that it pins."""

import os

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import EnvironmentServices
from comfydock_core.core.usecases.packs import missing_packs, stage_pack
from comfydock_core.models.creation import CreateRequest, CreationPlan
from comfydock_core.models.exceptions import InvalidSetting, PacksUnobtainable
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.template import Template
from comfydock_core.repositories.pytorch_settings import is_neutral
from comfydock_core.repositories.template_reader import read_template
from comfydock_core.utils import atomic

_WORKFLOWS = "workflows/"
_SHOWN = 10


def open_template(request: CreateRequest, place: EnvironmentLayout) -> Template | None:
    """The template that is asked for, if there is one, after refusing what contradicts it or cannot be had.

    Raises `TemplateNotFound`, `TemplateDamaged`, `ManifestDamaged`, `InvalidSetting`, `PacksUnobtainable`.
    """
    if request.template is None:
        return None
    template = read_template(os.path.abspath(os.path.expanduser(request.template)))
    for option, given in (("--comfyui", request.comfyui), ("--python", request.python)):
        if given is not None:
            raise InvalidSetting(
                f"`{option}` and `--template` contradict each other: the template pins its versions",
                hint=f"leave `{option}` out, or create without the template",
                context={"option": option, "template": template.path},
            )
    wanting = packs_left_out(template, place)
    if wanting and not request.keep_going:
        raise PacksUnobtainable(
            f"the template has node packs that cannot be had from git: {', '.join(wanting[:_SHOWN])}",
            hint="`--keep-going` creates the environment without them",
            context={"packs": list(wanting)},
        )
    return template


def packs_left_out(template: Template | None, place: EnvironmentLayout) -> tuple[str, ...]:
    """The node packs that the template names, does not carry itself, and git does not have."""
    if template is None:
        return ()
    _, unobtainable = missing_packs(place, dict(template.manifest))
    return tuple(name for name in unobtainable if not _is_carried(template, name))


def write_definition(
    layout: EnvironmentLayout, services: EnvironmentServices, plan: CreationPlan, commit: str, reporter: Reporter
) -> None:
    """Write the definition of the template, in today's form, and lock what it does not have locked."""
    template = plan.template
    assert template is not None
    for name in template.passed_over:
        reporter.warn(f"`{name}` of the template is passed over: no definition has such a file")
    for name, content in {**template.files, "pyproject.toml": template.manifest_text.encode()}.items():
        _write(f"{layout.definition}/{name}", content)
    atomic.write_text(layout.python_version, f"{plan.python}\n")
    if not is_neutral(services.pyproject.read()):
        reporter.phase("Converting the definition")
        services.uv_project.convert(plan.torch_backend, reporter)
    services.pyproject.set_comfyui(plan.comfyui, commit, default_repository=plan.default_repository)


def fill_comfyui(
    layout: EnvironmentLayout, services: EnvironmentServices, template: Template, reporter: Reporter
) -> None:
    """Put the template's workflows where ComfyUI has them, and its node packs; tells which are missing."""
    for name, content in template.files.items():
        if name.startswith(_WORKFLOWS):
            _write(f"{layout.comfyui}/user/default/{name}", content)
    for name, content in template.development.items():
        _write(f"{layout.custom_nodes}/{_directory_of(template, name)}", content)
    packs, unobtainable = missing_packs(layout, services.pyproject.read())
    for pack in packs:
        stage_pack(pack, f"{layout.root}/{pack.path}", services, reporter)
    for name in unobtainable:
        reporter.warn(f"the node pack {name} is missing: it cannot be had from git")


def _directory_of(template: Template, path: str) -> str:
    """The path below `custom_nodes`: packs lie there under the name that the manifest has for their identifier."""
    identifier, _, rest = path.partition("/")
    return f"{_names(template).get(identifier, identifier)}/{rest}"


def _is_carried(template: Template, name: str) -> bool:
    identifiers = {path.partition("/")[0] for path in template.development}
    return name in {_names(template).get(identifier, identifier) for identifier in identifiers}


def _names(template: Template) -> dict[str, str]:
    tool = template.manifest.get("tool")
    settings = tool.get("comfydock") if isinstance(tool, dict) else None
    nodes = settings.get("nodes") if isinstance(settings, dict) else None
    found = nodes.items() if isinstance(nodes, dict) else ()
    return {key: str(node.get("name", key)) for key, node in found if isinstance(node, dict)}


def _write(path: str, content: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)
