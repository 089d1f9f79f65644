"""Making an interpreter here that runs on old systems, from Debian's sources, for the artifact that is released."""
