"""Programs that make and measure the artifacts of ComfyDock. `python -m build` runs them; see README.md."""
