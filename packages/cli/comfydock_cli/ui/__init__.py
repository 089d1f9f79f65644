"""The terminal: the only writer, progress, prompts."""
