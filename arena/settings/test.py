"""Settings of the test-suite: as `base`, with fast password hashes and mail kept in memory."""

from arena.settings.base import *  # noqa: F403

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
