"""The settings of the tests: the installation's own, on throw-away servers unless the environment names some."""

import os

from smarketing.installation import furnish_for_tests

furnish_for_tests()
os.environ.setdefault("OMP_NUM_THREADS", "1")  # as many tests as cores learn at once: their threads wait for each other
os.environ["SECRET_KEY"] = "only-for-tests"
os.environ["REDIS_PREFIX"] = (
    f"test-{os.environ.setdefault('TEST_KEYS', os.urandom(4).hex())}-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}:"
)

from smarketing.settings import *  # noqa: E402, F403
from smarketing.settings import DATABASES  # noqa: E402

if run := os.environ.get("TEST_RUN"):  # runs beside each other on the same embedded server
    DATABASES["default"]["TEST"] = {"NAME": f"test_{run}"}
if database := os.environ.get("TEST_DATABASE"):  # the real worker process works on the database of the tests
    DATABASES["default"]["NAME"] = database

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_ROOT = None  # WhiteNoise reads it whole for each client that a test makes; the live server finds files itself
