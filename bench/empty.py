"""A task that does nothing: what a worker costs by itself."""

from celery import shared_task


@shared_task
def nothing() -> None:
    pass
