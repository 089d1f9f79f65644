"""Asks a real ComfyUI which directories it looks into for models, given texts of `extra_model_paths.yaml`.

Run by a Python that has PyYAML, with ComfyUI's checkout as the argument; cases come as JSON on standard input.
"""

import copy
import json
import os
import sys


def main() -> None:
    sys.path.insert(0, sys.argv.pop(1))
    import folder_paths
    from utils.extra_config import load_extra_path_config

    stock = copy.deepcopy(folder_paths.folder_names_and_paths)
    answers = []
    for case in json.load(sys.stdin):
        folder_paths.folder_names_and_paths.clear()
        folder_paths.folder_names_and_paths.update(copy.deepcopy(stock))
        os.environ.update(case["variables"])
        with open(case["file"], "wb") as file:
            file.write(case["text"].encode("utf-8"))
        try:
            load_extra_path_config(case["file"])
        except Exception as error:  # noqa: BLE001  Whatever ends ComfyUI.
            answers.append({"error": type(error).__name__})
        else:
            found = folder_paths.folder_names_and_paths.items()
            answers.append({"folders": {name: value[0] for name, value in found}})
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
