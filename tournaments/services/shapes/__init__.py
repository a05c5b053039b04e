"""Rows as the public contract shows them; shared by the API and the commands' JSON output."""
