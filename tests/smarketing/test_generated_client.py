"""Whoever generates a client from the document talks to the pipeline with it at once."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from drf_spectacular.generators import SchemaGenerator

from accounts import tokens
from handoff.tasks import catch_up
from leads.models import Lead
from smarketing.openapi import operations
from tests.factories import make_lead, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """The package that openapi-python-client makes of the document, ready to be imported."""
    assert operations  # what describes each operation
    folder = tmp_path_factory.mktemp("client")
    document = SchemaGenerator().get_schema(request=None, public=True)
    (folder / "openapi.json").write_text(json.dumps(document, default=str))
    (folder / "config.yml").write_text("post_hooks: []\n")
    made = subprocess.run(
        [Path(sys.executable).with_name("openapi-python-client"), "generate", "--path", "openapi.json",
         "--config", "config.yml", "--output-path", "made", "--meta", "none", "--fail-on-warning"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    (folder / "made").rename(folder / "generated_smarketing")
    sys.path.insert(0, str(folder))
    yield importlib.import_module("generated_smarketing")
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.startswith("generated_smarketing")]:
        del sys.modules[name]


def of(name):
    """A module of the generated client."""
    return importlib.import_module(f"generated_smarketing.{name}")


def test_a_generated_client_brings_leads_in_reads_one_and_lists_them(generated, live_server):
    mia = make_user("mia")
    token = tokens.make(mia, name="generated", days=1)[1]
    models = of("models")
    with generated.AuthenticatedClient(base_url=live_server.url, token=token, prefix="Token") as client:
        said = models.NewLead(
            email="lena@fehr.example", name="Lena Fischer", activity=models.NewActivity("web:pricing")
        )
        kept = of("api.leads.leads_create").sync(client=client, body=said, idempotency_key="generated-1")
        assert (kept.state.value, kept.lead) == ("waiting", None)
        rows = models.NewLeads(leads=[models.BatchLead(email="georg@fehr.example"), models.BatchLead(name="Nobody")])
        batch = of("api.leads.leads_batch").sync(client=client, body=rows)
        assert [row.state.value for row in batch.results] == ["waiting", "refused"]
        catch_up()
        became = of("api.submissions.submissions_read").sync(client=client, id=kept.id)
        assert became.lead == Lead.objects.get(name="Lena Fischer").pk
        lead = of("api.leads.leads_read").sync(client=client, id=became.lead)
        assert (lead.email, lead.stage.value, lead.score.total > 0) == ("lena@fehr.example", "tofu", True)
        listed = of("api.leads.leads_list").sync(client=client, limit=10)
        assert [row.email for row in listed.results] == ["georg@fehr.example", "lena@fehr.example"]
        assert listed.next_ is None


def test_a_generated_client_is_told_by_type_what_was_refused(generated, live_server):
    lead = make_lead()
    token = tokens.make(make_user("mia"), name="generated", days=1)[1]
    models = of("models")
    with generated.AuthenticatedClient(base_url=live_server.url, token=token, prefix="Token") as client:
        refused = of("api.leads.leads_create").sync(client=client, body=models.NewLead(email="lena@"))
        assert (refused.status, refused.errors[0].attr) == (422, "email")
        change = of("api.leads.leads_change")
        tag = of("api.leads.leads_read").sync_detailed(client=client, id=lead.pk).headers["ETag"]
        changed = change.sync(client=client, id=lead.pk, body=models.PatchedLeadChanges(name="Lena"), if_match=tag)
        assert (changed.name, changed.version) == ("Lena", 2)
        stale = change.sync(client=client, id=lead.pk, body=models.PatchedLeadChanges(name="L."), if_match=tag)
        assert stale.status == 412
