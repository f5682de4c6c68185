"""What people write in forms: a lead and its record, files, websites and senders, and what is to be mended."""

from leads.forms.adding import AddLead, QuickAdd
from leads.forms.fields import moment_field
from leads.forms.record import EditLead

__all__ = ["AddLead", "EditLead", "QuickAdd", "moment_field"]
