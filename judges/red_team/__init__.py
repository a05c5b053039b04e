"""Attacks on judges, and what must hold whatever an answer says. No Django, no model needed."""
