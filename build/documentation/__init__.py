"""Manual pages and the reference, made from the command table, the topics of the help and the error classes.

`contents` says what is documented, in blocks; `roff`, `markdown` and `web` write blocks; `pages` puts both together.
All but `making` import the packages that are documented, which need no third party once their faces are literal.
"""
