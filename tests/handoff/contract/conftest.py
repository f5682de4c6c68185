"""Who agrees: one of each team."""

import pytest

from tests.factories import make_user


@pytest.fixture
def mia():
    return make_user("mia", name="Mia Novak")


@pytest.fixture
def sam():
    return make_user("sam", team="sales", name="Sam Okafor")
