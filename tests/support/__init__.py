"""What tests share: programs, workspaces, servers."""
