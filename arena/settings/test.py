"""Settings of the test-suite: as `base`, with fast password hashes and mail kept in memory."""

import os

# Each process of the suite (pytest-xdist numbers them) clears a Redis database of its own.
_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if _worker and "REDIS_URL" in os.environ:
    _server = os.environ["REDIS_URL"].rpartition("/")[0]
    os.environ["REDIS_URL"] = f"{_server}/{int(_worker.removeprefix('gw')) + 2}"

from arena.settings.base import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
OPEN_READING = True  # as embedded, though the suite also runs on Postgres and Redis
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
# A browser test reads plain file names; the hashed ones need `collectstatic` first.
WHITENOISE_USE_FINDERS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
UNDO_SECONDS = 0  # tests of undo set it
