"""The `comfydock` command. Nothing is loaded here."""
