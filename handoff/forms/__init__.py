"""What people say on a lead and its deals, read, and handed to the one function that does it."""

from handoff.forms.acts import ACTS
from handoff.forms.deal import EditDeal
from handoff.forms.moves import asks, moves_from, permitted
from handoff.forms.saying import ActForm, SaidForm
from handoff.forms.talk import TOUCHES, Comment, DeleteComment, EditComment, Email, RemoveFile, Side, Touch
from handoff.forms.todo import Drop, Thank, ToDo

__all__ = [
    "ACTS", "TOUCHES", "ActForm", "Comment", "DeleteComment", "Drop", "EditComment", "EditDeal", "Email", "RemoveFile",
    "SaidForm", "Side", "Thank", "ToDo", "Touch", "asks", "moves_from", "permitted",
]  # fmt: skip
