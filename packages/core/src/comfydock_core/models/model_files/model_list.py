"""What a list of models says of one file: where it can be had, and where it belongs."""

from comfydock_core.records import record


@record
class ModelListEntry:
    """One file of ComfyUI-Manager's list of models.

    `save_path` is a directory below the models directory, empty for the usual one of its `kind` (`checkpoint`, `lora`,
    `upscale`, …). `size` and `base` are the list's own words. Nothing in it proves what the address leads to.
    """

    file_name: str
    url: str
    save_path: str = ""
    kind: str = ""
    name: str = ""
    base: str = ""
    size: str = ""
    reference: str = ""

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "file_name": self.file_name,
            "url": self.url,
            "save_path": self.save_path or None,
            "kind": self.kind,
            "name": self.name,
            "base": self.base or None,
            "size": self.size or None,
            "reference": self.reference or None,
        }
