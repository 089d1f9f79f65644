"""What tests share: programs, workspaces, wheels, a miniature ComfyUI."""
