"""The hand-off for machines: the same acts, rights and functions as the pages', said in JSON."""
