"""The Python packages that ComfyUI itself requires."""

from comfydock_core.models.environments.creation import ComfyUISpec
from comfydock_core.models.protocols import Reporter
from comfydock_core.validation.requirements import RequirementsFile, parse_requirements


def comfyui_requirements(text: str, version: ComfyUISpec, reporter: Reporter) -> RequirementsFile:
    """What the `requirements.txt` of a version says; options in it are reported. Raises `RequirementInvalid`."""
    found = parse_requirements(text, file=f"ComfyUI {version}: requirements.txt")
    for option in found.options:
        reporter.warn(f"ComfyUI's requirements.txt has the option `{option}`, which is not followed")
    return found
