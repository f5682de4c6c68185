"""Templates, folded: what is the same on every page is worked out once, when a template is compiled.

Constant words (`{% translate "Add a task" %}`) and marks (`{% icon "plus" %}`) become text, once a language, and pieces
of text that stand side by side become one. An address (`{% url "handoff:act" lead.pk "accept" %}`) keeps the form that
Django gave it, and only its numbers are filled in: asking the resolver takes longer than the rest of a line together.
What is drawn is what Django draws.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.template import Context, NodeList, Template
from django.template.base import FilterExpression, Node, TextNode, Variable
from django.template.defaulttags import URLNode
from django.template.library import SimpleNode
from django.template.loaders import base, cached
from django.templatetags.i18n import TranslateNode
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language

F = TypeVar("F", bound=Callable[..., str])
N = TypeVar("N", bound=Node)

#: Tags that draw the same for the same arguments, whoever asks and whenever.
CONSTANT: set[Callable[..., str]] = set()
#: Addresses are formed with numbers that no sequence reaches, which are then taken out of them.
FIRST_MARK = 2**62 + 11
PLAIN, MOST_FORMS = (int, str, SafeString), 1_000


def constant(tag: F) -> F:
    CONSTANT.add(tag)
    return tag


class Folded(base.Loader):
    def get_template(self, template_name: str, skip: Any = None) -> Template:
        template = super().get_template(template_name, skip)
        fold(template.nodelist)
        return template


class Loader(cached.Loader, Folded):
    """Django's caching loader, before which templates are folded; each language has its own copy."""

    def cache_key(self, template_name: str, skip: Any = None) -> str:
        return f"{get_language()} {super().cache_key(template_name, skip)}"


def fold(nodes: NodeList) -> None:
    """Fold these nodes and those within them, in place."""
    folded: list[Node] = []
    for node in nodes:
        for inner in _within(node):
            fold(inner)
        text = node.s if isinstance(node, TextNode) else _text(node)
        if text is None:
            folded.append(_formed(node) if isinstance(node, URLNode) else node)
        elif folded and isinstance(folded[-1], TextNode):
            folded[-1] = _placed(TextNode(folded[-1].s + text), folded[-1])
        else:
            folded.append(_placed(TextNode(text), node))
    nodes[:] = folded


def _within(node: Node) -> list[NodeList]:
    if branches := getattr(node, "conditions_nodelists", None):  # an if
        return [nodes for _condition, nodes in branches]
    named = [getattr(node, name, None) for name in node.child_nodelists]
    return [nodes for nodes in named if isinstance(nodes, NodeList)]


def _text(node: Node) -> str | None:
    """What a node draws, if that is always the same."""
    if isinstance(node, TranslateNode):
        always = _is_constant(node.filter_expression) and not node.asvar and not node.message_context
    elif isinstance(node, SimpleNode):
        given = [*node.args, *node.kwargs.values()]
        always = node.func in CONSTANT and not node.target_var and all(map(_is_constant, given))
    else:
        always = False
    return str(node.render(Context())) if always else None


def _is_constant(said: FilterExpression) -> bool:
    return not said.filters and (not isinstance(said.var, Variable) or said.var.lookups is None)


def _placed(made: N, at: Node) -> N:
    """What stands in the place of another node says, when it fails, where it stands."""
    made.token, made.origin = at.token, at.origin
    return made


def _formed(node: URLNode) -> Node:
    known = not node.kwargs and _is_constant(node.view_name)
    return _placed(Address(node.view_name, node.args, {}, node.asvar), node) if known else node


class Address(URLNode):
    """An address whose form is asked of the resolver once for all numbers in it.

    No application is installed under two names, so the namespace of the page itself decides nothing.
    """

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.forms: dict[tuple[str | int, ...], str] = {}

    def render(self, context: Context) -> str:
        values = [arg.resolve(context) for arg in self.args]
        if not all(type(value) in PLAIN for value in values):
            return str(super().render(context))
        numbers = tuple([value for value in values if type(value) is int])
        shape = (get_script_prefix(), *[-1 if type(value) is int else value for value in values])
        form = self.forms.get(shape)
        if form is None or any(number < 0 for number in numbers):
            self._learn(values, shape)
            return str(super().render(context))
        if self.asvar is None:
            return form % numbers
        context[self.asvar] = form % numbers
        return ""

    def _learn(self, values: list[Any], shape: tuple[str | int, ...]) -> None:
        """Keep the form of this address, unless it has anything in it that a page must escape."""
        if len(self.forms) >= MOST_FORMS:
            return
        marks = {place: FIRST_MARK + place for place, value in enumerate(values) if type(value) is int}
        try:
            address = reverse(
                self.view_name.resolve(Context()), args=[marks.get(place, value) for place, value in enumerate(values)]
            )
        except NoReverseMatch:
            return
        form = address.replace("%", "%%")
        for mark in marks.values():
            form = form.replace(str(mark), "%d")
        if form.count("%d") == len(marks) and escape(form) == form:
            self.forms[shape] = form
