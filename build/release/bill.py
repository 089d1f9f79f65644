"""The software bill of materials of an archive, as CycloneDX 1.5."""

import datetime
import json
import uuid
from collections.abc import Iterable
from pathlib import Path

from build.release.components import Component


def write_bill(target: Path, version: str, commit: str, seconds: int, components: Iterable[Component]) -> None:
    """Write what ComfyDock `version` is made of; `seconds` is the commit's time, so that the bytes stay the same."""
    parts = [_component(component) for component in sorted(components, key=lambda one: one.purl)]
    own = f"pkg:github/comfydock/comfydock@{commit}"
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{own} {json.dumps(parts)}')}",
        "version": 1,
        "metadata": {
            "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": "comfydock",
                "version": version,
                "purl": own,
            },
        },
        "components": parts,
        "dependencies": [{"ref": own, "dependsOn": [part["bom-ref"] for part in parts]}],
    }
    target.write_text(json.dumps(bill, indent=2) + "\n", "utf-8")


def _component(component: Component) -> dict[str, object]:
    row: dict[str, object] = {
        "type": "library",
        "bom-ref": component.purl,
        "name": component.name,
        "version": component.version,
        "purl": component.purl,
        "licenses": [{"license": {"name": component.licence}}],
    }
    if component.files:
        row["properties"] = [{"name": "comfydock:file", "value": name} for name in component.files]
    return row
