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


@shared_task(name="arena.send_reset")
def send_reset(*, email: str, site: str) -> None:
    """Mail whoever has this address a link to a new password."""
    from arena.services.passwords import mail_reset  # leaf

    mail_reset(email, site=site)
