"""WHAT is compared: projects, prompts, competitors, outputs, comparisons. Imports no other app."""

from arena.celery import app as celery_app

__all__ = ["celery_app"]
