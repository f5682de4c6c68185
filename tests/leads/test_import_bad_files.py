"""Files as people have them: each is read, or refused with a sentence, and nothing is lost or comes in twice."""

import io
import zipfile
from unittest import mock

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError
from django.db import DataError
from hypothesis import given
from hypothesis import strategies as st

from handoff import invariants
from leads import capture
from leads.exchange import FileMapping, files
from leads.exchange.files import Table
from leads.models import Import, ImportProblem, Lead

EMAILS = {"columns": {"email": "email", "name": "name"}}
GOOD = "1 rows: 1 new, 0 updated, 0 unchanged, 0 refused, 0 warnings"


def names():
    return sorted(Lead.objects.values_list("name", flat=True))


# How a file is written


@pytest.mark.parametrize(
    "content",
    [
        "email,name\nlena@fehr.example,Léna\n",
        "email,name\r\nlena@fehr.example,Léna\r\n",
        "email,name\rlena@fehr.example,Léna\r",
        "email,name\nlena@fehr.example,Léna",
        "email;name\nlena@fehr.example;Léna\n",
        "email\tname\nlena@fehr.example\tLéna\n",
        "email|name\nlena@fehr.example|Léna\n",
        "sep=;\nemail;name\nlena@fehr.example;Léna\n",
        "\n\nemail,name\n\nlena@fehr.example,Léna\n\n\n",
        'email,name\n"lena@fehr.example","Léna"\n',
        " email , name \n lena@fehr.example , Léna \n",
        "email,name,\nlena@fehr.example,Léna,,,\n",
        "email,name\nlena@fehr.example,Léna\n,\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings_separators_and_ends_of_line_are_recognised(run, file, content, encoding):
    assert run(file(content.encode(encoding)), EMAILS).last == GOOD
    assert names() == ["Léna"]


def test_what_is_not_utf_8_is_read_as_windows_1252_and_said_once(run, file):
    ran = run(file("email,name\nlena@fehr.example,Léna\nomar@fehr.example,Ömar – “O”\n".encode("cp1252")), EMAILS)
    assert ran.last == "2 rows: 2 new, 0 updated, 0 unchanged, 0 refused, 1 warnings"
    assert "read as Windows-1252" in ran.complained
    assert names() == ["Léna", "Ömar – “O”"]


def test_half_a_character_at_the_end_of_a_utf_16_file_loses_no_row(run, file):
    content = "email,name\nlena@fehr.example,Léna\nomar@fehr.example,Omar\n".encode("utf-16") + b"\x41"
    assert "2 new" in run(file(content), EMAILS).last


def test_nul_bytes_are_left_out_and_said(run, file):
    ran = run(file(b"email,name\nlena@fehr.example,L\0\0ena\n\0\0\nomar@fehr.example,Omar\n"), EMAILS)
    assert ran.last == "2 rows: 2 new, 0 updated, 0 unchanged, 0 refused, 1 warnings"
    assert "NUL characters were left out" in ran.complained
    assert names() == ["Lena", "Omar"]


# What is no table


def xlsx():
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr(zipfile.ZipInfo("xl/workbook.xml"), "<workbook/>")
    # with the day of a ZipInfo, which is always the same: each worker must collect a test of the same name
    return written.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "This file is empty. It needs a header and at least one row."),
        (b"\n\n  \n", "This file is empty."),
        (b",,,\n1,2,3,4\n", "This file is empty."),
        (b"%PDF-1.7\n1 0 obj", "This is a file of the kind PDF. Save it as CSV first."),
        (xlsx(), "This is a file of the kind Excel or ZIP. Save it as CSV first."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "This is a file of the kind Excel."),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), "This is a file of the kind PNG."),
        (b" <!DOCTYPE html><html>", "This is a file of the kind HTML."),
        (b'[\n  {"email": "lena@fehr.example"}]', "This is a file of the kind JSON."),
        (bytes(range(1, 32)) * 40, "This is not a text file."),
        (b'email,"name\nlena@fehr.example,Lena\n', "a quotation mark opens there and never closes"),
        (("x," * 1_000 + "email\n").encode(), "This file has 1001 columns; at most 1000 can be imported."),
        (b"name\nLena\n", "The file has no column email. It has: name."),
        (b"email:name\nlena:Lena\n", "The file has no column email, name. It has: email:name."),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_a_sentence_and_leaves_nothing(run, file, content, said):
    with pytest.raises(CommandError) as error:
        run(file(content), EMAILS)
    assert said in str(error.value)
    assert not Import.objects.exists()


def test_the_wrong_separator_is_suspected(run, file):
    with pytest.raises(CommandError, match=r"Is it separated by something else than ';'\?"):
        run(file("email,name\nlena@fehr.example,Lena\n"), {**EMAILS, "separator": ";"})


def test_a_header_without_rows_is_no_rows(run, file):
    assert run(file("email,name\n"), EMAILS).last == "0 rows: 0 new, 0 updated, 0 unchanged, 0 refused, 0 warnings"


# Big and odd cells


def test_a_field_of_10_mb_is_refused_where_it_belongs_and_the_other_rows_come_in(run, file):
    big = "x" * 10 * 1024 * 1024
    path = file(f"email,name,note\nlena@fehr.example,Lena,{big}\nomar@fehr.example,{big},\nnoor@fehr.example,Noor,\n")
    ran = run(path, EMAILS)
    assert ran.last == "3 rows: 2 new, 0 updated, 0 unchanged, 1 refused, 0 warnings"
    assert "row 3, name: expected at most 200 characters, found" in ran.complained
    assert "10485760 characters" in ran.complained
    assert len(ran.complained) < 1000
    ran = run(path, {**EMAILS, "unmapped": "custom"})
    assert "row 2, note: expected at most 100,000 characters of custom fields in a row" in ran.complained


def test_a_line_without_end_is_one_refused_row_and_never_held_whole(run, file, monkeypatch):
    monkeypatch.setattr(files, "MAX_ROW", 100_000)
    path = file("email,name\n" + "x" * 350_000 + "\nomar@fehr.example,Omar\n")
    ran = run(path, EMAILS)
    assert ran.last == "2 rows: 1 new, 0 updated, 0 unchanged, 1 refused, 0 warnings"
    assert "it is longer than 16 million characters" in ran.complained


def test_1000_columns_come_in_as_custom_fields(run, file):
    header = ",".join(["email", *(f"c{n}" for n in range(999))])
    path = file(f"{header}\nlena@fehr.example,{','.join('v' for _ in range(999))}\n")
    assert run(path, {"columns": {"email": "email"}, "unmapped": "custom"}).last == GOOD
    assert len(Lead.objects.get().custom) == 999


def test_a_stray_quotation_mark_costs_its_own_line_and_no_other(run, file):
    rows = "".join(f"p{n}@firm.example,Person {n}\n" for n in range(50))
    path = file(f'email,name\nlena@fehr.example,"Lena\n{rows}omar@fehr.example,"Omar\n{rows}')
    ran = run(path, EMAILS)
    assert ran.last == "102 rows: 50 new, 0 updated, 50 unchanged, 2 refused, 50 warnings"
    assert "row 2, : expected as many quotation marks that close as open" in ran.complained
    assert "row 53, : expected as many quotation marks that close as open" in ran.complained


def test_quotation_marks_inside_one_line_are_taken_as_meant(run, file):
    path = file('email,name\nlena@fehr.example,Lena "Lee" Fehr\nomar@fehr.example,"12" screen"\n')
    assert "2 new" in run(path, EMAILS).last
    assert names() == ['12 screen"', 'Lena "Lee" Fehr']


def test_a_note_of_several_lines_is_one_row(run, file):
    path = file('email,name,note\nlena@fehr.example,Lena,"one\ntwo, ""three""\n"\nomar@fehr.example,Omar,\n')
    assert "2 new" in run(path, {**EMAILS, "unmapped": "custom"}).last
    assert Lead.objects.get(name="Lena").custom == {"note": 'one\ntwo, "three"'}


def test_stray_quotation_marks_everywhere_do_not_make_reading_slow(run, file, monkeypatch):
    monkeypatch.setattr(files, "PATIENCE", 100_000)
    path = file("email,name\n" + 'x"y,"z\n' * 3_000 + "omar@fehr.example,Omar\n")
    ran = run(path, EMAILS)
    assert "0 new" in ran.last or "1 new" in ran.last
    assert "refused" in ran.last


def test_a_row_with_too_few_or_too_many_cells_is_refused_by_its_number(run, file):
    ran = run(file("email,name\nlena@fehr.example\n\nomar@fehr.example,Omar,x\nnoor@fehr.example,Noor\n"), EMAILS)
    assert ran.last == "3 rows: 1 new, 0 updated, 0 unchanged, 2 refused, 0 warnings"
    assert "row 2, : expected 2 cells, as many as there are columns, found 1 cells" in ran.complained
    assert "row 4, : expected 2 cells, as many as there are columns, found 3 cells" in ran.complained


def test_columns_of_the_same_name_are_told_apart_and_said(run, file):
    path = file("email,email,name\nlena@fehr.example,second@fehr.example,Lena\n")
    ran = run(path, {**EMAILS, "unmapped": "custom"})
    assert ran.last == "1 rows: 1 new, 0 updated, 0 unchanged, 0 refused, 1 warnings"
    assert "row 1, email: expected each column once" in ran.complained
    assert Lead.objects.get().custom == {"email (2)": "second@fehr.example"}


# Wrong values


@pytest.mark.parametrize(
    ("column", "target", "value", "expected"),
    [
        ("mail", "email", "lena@", "an e-mail address"),
        ("mail", "email", "lena fehr@firm.example", "an e-mail address"),
        ("mobile", "phone", "call me", "a phone number that begins with + and the country code"),
        ("created", "first_seen_at", "2026-02-30", "a date such as 2026-11-23"),
        ("created", "first_seen_at", "0001-01-01", "a date such as 2026-11-23"),
        ("created", "first_seen_at", "yesterday", "a date such as 2026-11-23"),
        ("land", "country", "Austria", "a country of two letters such as AT"),
        ("worth", "value", "much", "an amount such as 1250.00"),
        ("worth", "value", "-5", "an amount such as 1250.00"),
        ("worth", "value", "NaN", "an amount such as 1250.00"),
        ("cur", "currency", "Euro", "a currency of three letters such as EUR"),
        ("staff", "company.size", "some", "a number of staff"),
        ("title", "job_title", "x" * 121, "at most 120 characters"),
        ("firm", "company", "x" * 201, "at most 200 characters"),
    ],
)
def test_a_wrong_value_refuses_its_row_by_row_column_expected_and_found(run, file, column, target, value, expected):
    path = file(f"id,{column}\n1,{value}\n2,\n")
    ran = run(path, {"columns": {"id": "external_id", column: target}})
    assert ran.last == "2 rows: 1 new, 0 updated, 0 unchanged, 1 refused, 0 warnings"
    assert f"row 2, {column}: expected {expected}" in ran.complained
    problem = ImportProblem.objects.get()
    assert (problem.row, problem.column, problem.refused) == (2, column, True)


def test_every_reason_of_a_row_is_told_at_once(run, file):
    mapping = {
        "columns": {"email": "email", "seen": "first_seen_at", "sum": "deal.amount"},
        "outcome": {"column": "end", "won": ["yes"], "at": "on"},
    }
    ran = run(file("email,seen,sum,end,on\nlena@,soon,lots,yes,never\n"), mapping)
    assert ran.last == "1 rows: 0 new, 0 updated, 0 unchanged, 1 refused, 0 warnings"
    for column in ("email", "seen", "sum", "on"):
        assert f"row 2, {column}: expected" in ran.complained


def test_a_row_that_the_database_refuses_leaves_the_others_of_its_chunk_in(run, file):
    process = capture.process

    def refuse(submissions, *args):
        if any(submission.payload["name"] == "Omar" for submission in submissions):
            raise DataError("value too long")
        return process(submissions, *args)

    path = file("email,name\nlena@fehr.example,Lena\nomar@fehr.example,Omar\nnoor@fehr.example,Noor\n")
    with mock.patch.object(capture, "process", refuse):
        ran = run(path, EMAILS)
    assert ran.last == "3 rows: 2 new, 0 updated, 0 unchanged, 1 refused, 0 warnings"
    assert "row 3, : expected a row that the database takes" in ran.complained
    assert names() == ["Lena", "Noor"]
    assert run(path, EMAILS).last == "3 rows: 1 new, 0 updated, 2 unchanged, 0 refused, 0 warnings"


def test_an_import_that_breaks_says_where_and_the_next_one_goes_on(run, file):
    rows = "".join(f"p{n}@firm.example,Person {n}\n" for n in range(600))
    path, process, times = file("email,name\n" + rows), capture.process, iter([True, False])

    def breaks(*args):
        if next(times):
            return process(*args)
        raise ZeroDivisionError

    with mock.patch.object(capture, "process", breaks), pytest.raises(ZeroDivisionError):
        run(path, EMAILS)
    upload = Import.objects.get()
    assert (upload.state, upload.rows_done, Lead.objects.count()) == ("failed", 500, 500)
    assert "Something broke after row 501" in upload.error
    assert run(path, EMAILS).last == "600 rows: 100 new, 0 updated, 500 unchanged, 0 refused, 0 warnings"
    assert [violation for violation in invariants.violations() if violation.broken] == []


# Whatever it says


def attempt(make, *args):
    """What was made, or the sentences that say why not."""
    try:
        return make(*args), None
    except ValidationError as error:
        return None, error.messages


@given(st.binary(max_size=600))
def test_any_bytes_are_a_table_or_a_sentence(content):
    table, said = attempt(Table, io.BytesIO(content))
    assert said is None or said[0].endswith(".")
    for row in table.rows() if table else []:
        assert row.error or len(row.cells) == len(table.header)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["email", "external_id", "won"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from(["columns", "defaults", "separator", "system", "unmapped", "outcome", "x"])


@given(values | st.dictionaries(keys, values, max_size=6))
def test_any_json_is_a_mapping_or_sentences(said):
    mapping, sentences = attempt(FileMapping.read, said)
    assert mapping.columns if mapping else all(sentence.endswith(".") for sentence in sentences)
