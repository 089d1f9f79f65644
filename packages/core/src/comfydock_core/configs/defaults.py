"""Addresses, names and times that the whole library agrees on."""

COMFYUI_REPOSITORY = "https://github.com/comfyanonymous/ComfyUI.git"
# Releases of ComfyDock itself, in the shape of GitHub: `latest/download/FILE`, `download/vVERSION/FILE`.
RELEASES = "https://github.com/ComfyDock/ComfyDock/releases"
GITHUB_API = "https://api.github.com"
CIVITAI = "https://civitai.com"
HUGGING_FACE = "https://huggingface.co"
COMFY_REGISTRY = "https://api.comfy.org"
PYTORCH_INDEX = "https://download.pytorch.org/whl"
NODE_DATA = "https://raw.githubusercontent.com/ComfyDock/ComfyDock-Registry-Data/main/data/node_mappings.json"
MANAGER_DATA = "https://raw.githubusercontent.com/Comfy-Org/ComfyUI-Manager/main"

# What files of models end in, where no ComfyUI says which it takes: the formats whose headers are read.
MODEL_EXTENSIONS = frozenset((".safetensors", ".sft", ".ckpt", ".pt", ".pt2", ".pth", ".bin", ".pkl", ".gguf", ".onnx"))

PROJECT_PREFIX = "comfydock-env-"
MANIFEST_SCHEMA = 2
FIRST_COMMIT = "Initial environment setup"

# Packages that hold the same files, so that only one of them may be installed: what node packs ask for of the first is
# taken from the second, which holds all that the others hold.
SUBSTITUTES = dict.fromkeys(
    ("opencv-python", "opencv-python-headless", "opencv-contrib-python"), "opencv-contrib-python-headless"
)

# The same for builds that differ in what they run on: one of each is locked, the first that is there and fits the back
# end. A word says with what the names of its back ends begin; those without one fit all.
TWINS: tuple[dict[str, str], ...] = (
    {
        "opencv-contrib-python-headless": "",
        "opencv-contrib-python": "",
        "opencv-python-headless": "",
        "opencv-python": "",
    },
    {
        "onnxruntime-gpu": "cu",
        "onnxruntime-rocm": "rocm",
        "onnxruntime-migraphx": "rocm",
        "onnxruntime-openvino": "xpu",
        "onnxruntime": "",
        "onnxruntime-directml": "directml",
        "onnxruntime-silicon": "mps",
        "onnxruntime-training": "training",
    },
    {"tensorflow-gpu": "cu", "tensorflow-rocm": "rocm", "tensorflow": "", "tensorflow-cpu": ""},
    {"faiss-gpu-cu12": "cu12", "faiss-gpu-cu11": "cu11", "faiss-gpu": "cu", "faiss-cpu": ""},
    {"paddlepaddle-gpu": "cu", "paddlepaddle": ""},
    {"cupy-cuda13x": "cu13", "cupy-cuda12x": "cu12", "cupy-cuda11x": "cu11", "cupy": "cu"},
    {"mediapipe": "", "mediapipe-silicon": "mps"},
    {"pillow": "", "pillow-simd": "simd"},
    {"protobuf": "", "protobuf3": "3", "protobuf-py3": "3"},
    {"pycryptodome": "", "pycrypto": ""},
    {"bitsandbytes": "", "bitsandbytes-windows": "windows"},
)

TORCH_PACKAGES = ("torch", "torchvision", "torchaudio")
# What no node pack may bring a build of its own of, beside the PyTorch family of the manifest. ComfyUI pins its own
# packages, such as its web interface, itself: a pack that wants another version of them is a conflict to be reported.
PROTECTED_PACKAGES = (*TORCH_PACKAGES, "torchsde", "uv")
