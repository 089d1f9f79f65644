"""What several test suites build on: a miniature ComfyUI, wheels, workspaces of older programs."""
