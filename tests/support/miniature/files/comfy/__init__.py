"""ComfyUI in miniature."""
