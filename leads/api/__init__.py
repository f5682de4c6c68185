"""The record for machines: leads come in, one or a thousand at once, are listed, read and changed."""
