"""The database keeps `leads_lead.search` true, so that no bulk write can forget it."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION lead_search_text() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    NEW.search := unaccent(lower(concat_ws(' ', NEW.name,
        (SELECT name FROM leads_company WHERE id = NEW.company_id), NEW.email)));
    RETURN NEW;
END $$;

CREATE TRIGGER lead_search_text BEFORE INSERT OR UPDATE OF name, email, company_id ON leads_lead
    FOR EACH ROW EXECUTE FUNCTION lead_search_text();

CREATE FUNCTION company_search_text() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE leads_lead SET company_id = company_id WHERE company_id = NEW.id;
    RETURN NULL;
END $$;

CREATE TRIGGER company_search_text AFTER UPDATE OF name ON leads_company
    FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION company_search_text();
"""

BACKWARD = """
DROP TRIGGER company_search_text ON leads_company;
DROP FUNCTION company_search_text();
DROP TRIGGER lead_search_text ON leads_lead;
DROP FUNCTION lead_search_text();
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
