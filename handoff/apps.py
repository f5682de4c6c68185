from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class HandoffConfig(AppConfig):
    name = "handoff"
    verbose_name = "Hand-off"

    def ready(self) -> None:
        post_migrate.connect(lay_down_defaults, sender=self, dispatch_uid="handoff.defaults")


def lay_down_defaults(**kwargs: Any) -> None:
    """A new database gets an agreement in force and the usual reasons: a hand-off has its terms from day one."""
    from django.db import connections

    from handoff import agreement, routing

    connection = connections[kwargs["using"]]
    if kwargs["using"] == "default" and "handoff_agreement" in connection.introspection.table_names():
        agreement.lay_down_defaults()
        routing.lay_down_defaults()
