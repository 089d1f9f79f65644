"""Texts printed from the command table: help, completion scripts, the build snapshot."""
