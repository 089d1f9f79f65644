"""What the metadata of a model says about it. Others wrote it: it is worth showing, and proves nothing."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping

from comfydock_core.analyzers.model_files.content import plain

_LONGEST_JSON = 512 * 1024
_MOST_WORDS = 5

# What is shown, and the keys that say it, best first.
_SHOWN = {
    "title": ("modelspec.title", "general.name", "ss_output_name"),
    "base model": ("modelspec.architecture", "ss_base_model_version", "baseModel"),
    "trained from": ("ss_sd_model_name",),
    "author": ("modelspec.author", "general.author"),
    "trained words": ("modelspec.trigger_phrase",),
    "architecture": ("general.architecture",),
}
REPOSITORIES = "repositories"
# Keys that name what a model is from, and addresses wherever they stand.
_NAMING = ("ss_sd_model_name", "ss_vae_name", "_name_or_path", "base_model", "modelspec.source")
_NAMED = re.compile(r"\w[\w.-]{0,95}/\w[\w.-]{0,95}", re.ASCII)
_ADDRESS = re.compile(r"https?://(?:www\.)?(?:huggingface\.co|hf\.co)/(\w[\w.-]{0,95}/\w[\w.-]{0,95})", re.ASCII)
_ENDS = (".safetensors", ".ckpt", ".pt", ".pth", ".bin", ".gguf", ".sft")
_NO_OWNERS = ("api/", "blog/", "datasets/", "docs/", "models/", "papers/", "spaces/")
_LONGEST_SEARCHED = 64 * 1024
_MOST_REPOSITORIES = 4
_TAGS = "ss_tag_frequency"

# Names of architectures in metadata, in order: the more exact ones come first.
_FAMILIES = tuple(
    (re.compile(pattern, re.IGNORECASE), family)
    for pattern, family in (
        (r"flux-?\.?2", "Flux.2"),
        (r"chroma", "Chroma"),
        (r"flux", "Flux.1"),
        (r"refiner", "SDXL Refiner"),
        (r"stable-diffusion-xl|sdxl", "SDXL"),
        (r"stable-diffusion-v?3[-.]5|sd3[-_.]?5", "SD 3.5"),
        (r"stable-diffusion-v?3|sd3", "SD 3"),
        (r"stable-diffusion-v2|sd_v2|\bsd2", "SD 2"),
        (r"stable-diffusion-v1|sd_v1|\bsd1\b", "SD 1.5"),
        (r"stable-cascade|^wurstchen", "Stable Cascade"),
        (r"qwen[-_]?image", "Qwen-Image"),
        (r"hunyuan[-_]?video|^hyvid$", "Hunyuan Video"),
        (r"hunyuan[-_]?dit", "Hunyuan DiT"),
        (r"wan[-_]?(2|v2)[._-]?1", "Wan 2.1"),
        (r"wan[-_]?(2|v2)[._-]?2", "Wan 2.2"),
        (r"^wan", "Wan 2.1/2.2"),
        (r"ltx-?(v|video)", "LTX Video"),
        (r"lumina-?_?2", "Lumina 2"),
        (r"z[-_]?image", "Z-Image"),
        (r"aura-?flow|^aura$", "AuraFlow"),
        (r"pixart", "PixArt"),
        (r"hidream", "HiDream-I1"),
    )
)
_ENCODERS = {
    "t5": "T5",
    "t5encoder": "T5",
    "llama": "Llama",
    "gemma2": "Gemma 2",
    "gemma3": "Gemma 3",
    "mistral3": "Mistral 3",
    "qwen2": "Qwen2.5",
    "qwen2vl": "Qwen2.5-VL",
    "qwen3": "Qwen3",
    "qwen3vl": "Qwen3-VL",
}


def facts_of(metadata: Mapping[str, str]) -> dict[str, str]:
    """What is worth showing, each on one short line."""
    facts = {}
    for fact, keys in _SHOWN.items():
        text = next((plain(metadata[key]) for key in keys if metadata.get(key)), "")
        if text:
            facts[fact] = text
    if "trained words" not in facts and (words := _frequent_tags(metadata.get(_TAGS, ""))):
        facts["trained words"] = plain(", ".join(words))
    if repositories := _repositories(metadata):
        facts[REPOSITORIES] = plain(", ".join(repositories))
    return facts


def _repositories(metadata: Mapping[str, str]) -> list[str]:
    """Repositories of Hugging Face that are named, as `OWNER/NAME`."""
    named = [metadata[key].strip() for key in _NAMING if _NAMED.fullmatch(metadata.get(key, "").strip())]
    found = [name for name in named if not name.lower().endswith(_ENDS)]
    left = _LONGEST_SEARCHED
    for text in metadata.values():
        found += [each[1].rstrip(".-") for each in _ADDRESS.finditer(text[:left])]
        left -= min(left, len(text))
    return [name for name in dict.fromkeys(found) if not name.startswith(_NO_OWNERS)][:_MOST_REPOSITORIES]


def _frequent_tags(text: str) -> list[str]:
    """The words that most pictures of the training were described with: counts by tag, for each of its folders."""
    if not text or len(text) > _LONGEST_JSON:
        return []
    try:
        folders = json.loads(text)
    except (ValueError, RecursionError):
        return []
    counts: Counter[str] = Counter()
    for tags in _tables(folders):
        counts.update({tag.strip(): count for tag, count in tags.items() if type(count) is int and tag.strip()})
    return [tag for tag, _ in counts.most_common(_MOST_WORDS)]


def _tables(value: object) -> Iterable[dict[str, object]]:
    items = value.values() if isinstance(value, dict) else ()
    return [item for item in items if isinstance(item, dict)]


def family_said(metadata: Mapping[str, str]) -> str | None:
    """The family that the metadata names, for models whose tensors do not tell."""
    for key in ("modelspec.architecture", "ss_base_model_version", "general.architecture"):
        said = metadata.get(key, "")[:100]
        for pattern, family in _FAMILIES:
            if said and pattern.search(said):
                return family
    return None


def text_encoder_said(metadata: Mapping[str, str]) -> str | None:
    """The language model that a GGUF file says it is, under names of its own for tensors."""
    return _ENCODERS.get(metadata.get("general.architecture", ""))
