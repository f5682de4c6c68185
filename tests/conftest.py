import pytest
from hypothesis import settings
from django.test import Client

settings.register_profile("ours", deadline=None, max_examples=60)
settings.load_profile("ours")


@pytest.fixture(autouse=True)
def _database(db):
    """Every test has the database; most of what is tested lives in it."""


@pytest.fixture
def client():
    return Client()
