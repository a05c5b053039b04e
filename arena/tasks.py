"""Housekeeping."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task

KEEP_REPLIES = timedelta(days=7)


@shared_task(name="arena.forget_replies")
def forget_replies() -> None:
    """Delete what was kept for repeated requests."""
    from django.utils import timezone  # leaf

    from arena.models import IdempotentReply

    IdempotentReply.objects.filter(created_at__lt=timezone.now() - KEEP_REPLIES).delete()
