"""Statements that are asked again and again are planned once a connection, and answer the same with or without."""

from __future__ import annotations

from django.db import connection

from leads import prepared

SUMS = "SELECT sum(n) FROM generate_series(1, %s) n WHERE n %% 2 = 0"
NAMED = "SELECT %(first)s::int + %(second)s::int * %(first)s::int"


def planned_here() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_prepared_statements")
        return {name for (name,) in cursor.fetchall()}


def test_a_statement_is_planned_once_a_connection(db):
    before = planned_here()
    assert [prepared.rows(SUMS, [last]) for last in (4, 6)] == [[(6,)], [(12,)]]
    assert len(planned_here() - before) <= 1  # an earlier test of this connection may have planned it


def test_parameters_may_have_names_and_stand_more_than_once(db):
    assert prepared.rows(NAMED, {"first": 2, "second": 5}) == [(12,)]


def test_a_new_connection_plans_anew(transactional_db):
    assert prepared.rows(SUMS, [4]) == [(6,)]
    connection.close()
    assert prepared.rows(SUMS, [4]) == [(6,)]


def test_behind_a_pooler_nothing_is_kept_with_a_connection(transactional_db):
    connection.close()
    connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = True
    try:
        assert prepared.rows(SUMS, [4]) == [(6,)]
        assert prepared.rows(NAMED, {"first": 2, "second": 5}) == [(12,)]
        assert planned_here() == set()
    finally:
        connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = False


def test_a_connection_that_the_server_closed_is_noticed_without_asking(transactional_db):
    connection.close()
    connection.ensure_connection()
    assert connection.is_usable()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])
    other.close()
    assert not connection.is_usable()
    connection.close()
    assert prepared.rows(SUMS, [4]) == [(6,)]
