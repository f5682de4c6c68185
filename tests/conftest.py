import pytest
from django.test import Client


@pytest.fixture(autouse=True)
def _database(db):
    """Every test has the database; most of what is tested lives in it."""


@pytest.fixture
def client():
    return Client()
