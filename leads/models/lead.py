from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Func, Q, Value
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from leads.models.campaign import Campaign, Source
from personas.choices import Stage
from personas.models import Persona


class CompanyQuerySet(models.QuerySet["Company"]):
    def visible_to(self, user: Any) -> CompanyQuerySet:
        """Companies belong to no team."""
        return self if user.is_authenticated and user.is_active else self.none()


class Company(models.Model):
    """The account that leads work for; its leads are a buying group."""

    name = models.CharField(_("name"), max_length=200)
    domain = models.CharField(_("domain"), max_length=253, blank=True)
    industry = models.CharField(_("industry"), max_length=80, blank=True)
    size = models.PositiveIntegerField(_("staff"), null=True, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True, help_text=_("Two letters, such as AT"))
    city = models.CharField(_("city"), max_length=80, blank=True)
    custom = models.JSONField(_("custom fields"), default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = CompanyQuerySet.as_manager()

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        constraints = [
            models.UniqueConstraint(fields=["domain"], condition=~Q(domain=""), name="company_domain_unique"),
            models.UniqueConstraint(Lower("name"), condition=Q(domain=""), name="company_name_unique_without_domain"),
        ]
        indexes = [models.Index(Lower("name"), name="company_name")]  # leads.identity: joining a company by its name

    def __str__(self) -> str:
        return self.name


class LeadQuerySet(models.QuerySet["Lead"]):
    def visible_to(self, user: Any) -> LeadQuerySet:
        """Both teams see every lead; somebody signed out or deactivated sees none."""
        return self if user.is_authenticated and user.is_active else self.none()

    def locked(self, pks: Iterable[int]) -> list[Lead]:
        """Lock these leads, always in pk order, without keeping activities from pointing at them."""
        return list(self.filter(pk__in=pks).order_by("pk").select_for_update(no_key=True, of=("self",)))

    def lock(self, lead: Lead | int) -> Lead:
        """Lock one lead and read it anew. The lead comes first in every lock order."""
        pk = lead if isinstance(lead, int) else lead.pk
        return self.select_for_update(no_key=True, of=("self",)).get(pk=pk)

    def search(self, words: str) -> LeadQuerySet:
        """Leads whose name, company or e-mail contains every word, accents and case aside."""
        found = self
        for word in words.split()[:6]:
            escaped = word.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
            folded = Func(Lower(Value(escaped)), function="unaccent")
            found = found.filter(search__like=folded)
        return found

    def for_list(self) -> LeadQuerySet:
        """What a row of a table or a card shows, in one query."""
        return self.select_related("company", "source", "marketer", "rep", "score")


class Like(models.Lookup):
    """`search LIKE '%term%'` where the term is an expression, so that the trigram index serves it."""

    lookup_name = "like"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} LIKE '%%' || {right} || '%%'", (*left_params, *right_params)


models.TextField.register_lookup(Like)


class Lead(models.Model):
    """One person on a journey: one row for life, however often they come back."""

    name = models.CharField(_("name"), max_length=200, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    job_title = models.CharField(_("job title"), max_length=120, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    company = models.ForeignKey(Company, models.PROTECT, null=True, blank=True, related_name="leads")
    stage = models.CharField(_("stage"), max_length=8, choices=Stage, default=Stage.TOFU)
    stage_since = models.DateTimeField(_("in this stage since"))
    moves = models.PositiveIntegerField(default=0, help_text=_("How often the stage changed: the ledger's last seq."))
    marketer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("marketer")
    )
    rep = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("sales rep")
    )
    source = models.ForeignKey(Source, models.PROTECT, null=True, blank=True, related_name="leads")
    campaign = models.ForeignKey(Campaign, models.PROTECT, null=True, blank=True, related_name="leads")
    first_touch = models.JSONField(
        _("first touch"), null=True, editable=False, help_text=_("Where they first came from, raw; written once.")
    )
    persona = models.ForeignKey(Persona, models.PROTECT, null=True, blank=True, related_name="leads")
    persona_chosen = models.BooleanField(
        default=False, help_text=_("A person chose the persona; rules leave it alone.")
    )
    value = models.DecimalField(_("expected value"), max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    preferred_contact = models.CharField(_("preferred channel and time"), max_length=80, blank=True)
    next_action = models.CharField(_("next action"), max_length=120, blank=True)
    next_action_at = models.DateTimeField(_("due"), null=True, blank=True)
    look_again_on = models.DateField(_("look again on"), null=True, blank=True)
    customer_since = models.DateTimeField(_("customer since"), null=True, blank=True)
    do_not_contact = models.BooleanField(_("do not contact"), default=False)
    custom = models.JSONField(_("custom fields"), default=dict, blank=True)
    first_seen_at = models.DateTimeField(_("first seen"))
    last_activity_at = models.DateTimeField(_("last activity"))
    created_at = models.DateTimeField(_("recorded"), auto_now_add=True)
    version = models.PositiveIntegerField(default=1, help_text=_("Rises with every edit; tells a stale form."))
    edited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    edited_at = models.DateTimeField(null=True, blank=True)
    # Kept by the database (migration `search_text`): name, company and e-mail, lower case without accents.
    search = models.TextField(editable=False, default="", db_default="")

    objects = LeadQuerySet.as_manager()

    class Meta:
        verbose_name = _("lead")
        constraints = [
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="lead_stage_known"),
            models.CheckConstraint(
                condition=~Q(stage=Stage.CUSTOMER) | Q(customer_since__isnull=False), name="lead_customer_has_since"
            ),
            models.CheckConstraint(
                condition=Q(do_not_contact=False) | Q(stage__in=[Stage.OUT, Stage.CUSTOMER]),
                name="lead_do_not_contact_is_out",
            ),
        ]
        indexes = [
            models.Index(
                fields=["stage", "-id"], name="lead_stage_newest"
            ),  # table: stage filter; board: a lane's cards
            models.Index(
                fields=["source", "-id"], name="lead_source_newest"
            ),  # table: source filter; funnel drill-down
            models.Index(fields=["marketer", "next_action_at"], name="lead_marketer_due"),  # My day of marketing
            models.Index(fields=["rep", "next_action_at"], name="lead_rep_due"),  # My day of sales
            models.Index(
                fields=["look_again_on"], condition=Q(look_again_on__isnull=False), name="lead_look_again"
            ),  # My day: who to look at again
            # table: sorted by what is due, and what is overdue
            models.Index(fields=["next_action_at", "id"], condition=Q(next_action_at__isnull=False), name="lead_due"),
            models.Index(fields=["first_seen_at"], name="lead_first_seen"),  # table: a period of the funnel
            GinIndex(OpClass("search", name="gin_trgm_ops"), name="lead_search_trigrams"),  # the search box
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.phone or str(_("Lead %(pk)s") % {"pk": self.pk})

    def get_absolute_url(self) -> str:
        return reverse("handoff:lead", args=[self.pk])

    @property
    def owner(self) -> User | None:
        """Whose work this lead is now: the stage's team, by person."""
        return self.marketer if self.stage in (Stage.TOFU, Stage.OUT) else self.rep

    @property
    def profile(self) -> dict[str, Any]:
        """The plain facts that fit rules, personas and points read."""
        company = self.company
        return {
            "job_title": self.job_title,
            "email": self.email,
            "phone": self.phone,
            "country": self.country or (company.country if company else ""),
            "company": company.name if company else "",
            "industry": company.industry if company else "",
            "size": company.size if company else None,
            "source": self.source.slug if self.source else "",
            **{f"custom.{name}": value for name, value in self.custom.items()},
        }
