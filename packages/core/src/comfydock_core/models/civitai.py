"""What Civitai says of a model."""

from comfydock_core.records import record


@record
class CivitAIFile:
    """One file of a version; digests are in lower-case hexadecimal digits, `None` while Civitai has not made them."""

    name: str
    url: str
    size: int | None
    kind: str
    is_primary: bool
    sha256: str | None
    blake3: str | None
    format: str | None = None
    precision: str | None = None
    extent: str | None = None  # `full` or `pruned`.


@record
class CivitAIModel:
    """One version of a model. `type` is Civitai's word, such as `Checkpoint` or `LORA`.

    `early_access_until` is set while the version is only for those who pay; `status` is `Published` for one that
    everybody may see; `downloadable` is false where the model may only be used on the site itself.
    """

    model_id: int
    version_id: int
    name: str
    version_name: str
    type: str
    base_model: str | None
    page: str
    files: tuple[CivitAIFile, ...]
    early_access_until: str | None = None
    status: str = "Published"
    downloadable: bool = True
