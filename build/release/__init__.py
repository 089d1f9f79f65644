"""Making a release: what people download, from one commit, the same bytes every time."""
