"""Synthetic and replayed worlds, in which formats and ratings meet a known truth."""
