"""Deciding with the user: the strategies that ask on a terminal."""
