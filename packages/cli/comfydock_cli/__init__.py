"""The `comfydock` command."""
