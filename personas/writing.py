"""Writing a persona down. Both teams do; whoever fitted it before is matched anew by the worker."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from personas.models import Persona


def write(persona: Persona, *, rules: list[dict[str, Any]], retired: bool, **words: Any) -> Persona:
    """Save who they are in words and in rules; one that is retired keeps the day on which it was."""
    for field, value in words.items():
        setattr(persona, field, value)
    persona.rules = rules
    persona.retired_at = (persona.retired_at or timezone.now()) if retired else None
    persona.full_clean()
    persona.save()
    return persona
