from django.apps import AppConfig


class SmarketingConfig(AppConfig):
    name = "smarketing"

    def ready(self) -> None:
        """Make the worker's app the current one, so that tasks are sent by the settings."""
        from smarketing import celery  # noqa: F401
