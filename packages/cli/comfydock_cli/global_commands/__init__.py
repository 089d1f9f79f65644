"""Handlers that act on the workspace, or on nothing."""
