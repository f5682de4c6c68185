"""The forms by which a person adds a lead and edits its record."""

from leads.forms.adding import AddLead, QuickAdd
from leads.forms.fields import moment_field
from leads.forms.record import EditLead

__all__ = ["AddLead", "EditLead", "QuickAdd", "moment_field"]
