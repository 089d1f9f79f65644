"""The command table: data, and reading words by it. Nothing here loads a handler."""
