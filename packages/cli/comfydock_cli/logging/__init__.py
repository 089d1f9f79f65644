"""Where a command's log goes."""
