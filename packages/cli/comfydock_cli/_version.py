"""The version, as a literal: `--version` must load nothing to answer. Both distributions carry the same number."""

VERSION = "2.0.0.dev0"
