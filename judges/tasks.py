"""Wake-ups. A message says only that there is work; the tables say which."""

from __future__ import annotations

from celery import shared_task


@shared_task(name="judges.judge")
def judge() -> None:
    """Decide what is open, until nothing is left; one stream a process."""
    from judges.services.runner import run  # leaf

    run()


@shared_task(name="judges.sweep")
def sweep() -> None:
    """Free the leases of workers that are gone, and wake a worker when there is work."""
    from judges.services.leases import sweep as free  # leaf

    if free():
        judge.delay()


@shared_task(name="judges.free_all_leases")
def free_all_leases() -> None:
    """Free every lease; sent by a process that knows itself to be the only worker."""
    from judges.services.leases import free_all  # leaf

    free_all()
    judge.delay()
