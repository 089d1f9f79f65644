"""Handlers that act on one environment."""
