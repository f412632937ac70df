"""Django's settings: few, and all that varies comes from core/environment.py."""

from __future__ import annotations

from heliograph.config import languages, static
from heliograph.config.databases import database
from heliograph.config.mail import mail
from heliograph.core import environment

_env = environment.get()

SECRET_KEY = _env.secret_key
DEBUG = _env.debug
ALLOWED_HOSTS = ["*"]  # absolute links come from HELIOGRAPH_URL, never from the Host header
ROOT_URLCONF = "heliograph.config.urls"
WSGI_APPLICATION = "heliograph.config.wsgi.application"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "heliograph.sharding.apps.Sharding",
    "heliograph.accounts.apps.Accounts",
    "heliograph.web",
]
MIDDLEWARE = [
    "heliograph.config.numbers.Numbers",
    "heliograph.config.headers.SafeHeaders",
    "heliograph.config.compression.Smaller",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "heliograph.web.language.Language",
    "heliograph.web.preferences.Clock",
    "heliograph.web.errors.ErrorPages",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
AUTH_USER_MODEL = "accounts.Person"
DATABASES = {
    "default": database(_env.directory, pooled=True),
    # The same database as the role that may change its tables: `heliograph migrate` alone uses it.
    "owner": database(_env.owner_conninfo, pooled=False),
}
PASSWORD_HASHERS = ["heliograph.config.hashers.Argon2"]

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGES = languages.offered(_env.languages)
LANGUAGE_CODE = LANGUAGES[0][0]
LOCALE_PATHS = [languages.FOLDER]

# Every file of one release lives under one versioned address, so all of them may be kept for a year.
STATIC_URL = static.address()
STATIC_ROOT = static.root(_env.static)
STORAGES = {"staticfiles": {"BACKEND": "heliograph.config.static_urls.Remembered"}}
WHITENOISE_STATIC_PREFIX = "/static/" if STATIC_ROOT else STATIC_URL
WHITENOISE_USE_FINDERS = STATIC_ROOT is None
WHITENOISE_IMMUTABLE_FILE_TEST = "^/static/[0-9a-f]{12}/"
WHITENOISE_AUTOREFRESH = _env.debug
WHITENOISE_MAX_AGE = 0 if _env.debug else 365 * 24 * 3600
WHITENOISE_ALLOW_ALL_ORIGINS = False

CSRF_COOKIE_NAME = "__Host-csrftoken" if _env.secure else "csrftoken"  # from this host alone
CSRF_COOKIE_SECURE = _env.secure
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "heliograph.web.errors.stale_form"
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"  # there are no Django sessions
SESSION_COOKIE_SECURE = _env.secure  # the cookie of messages goes by these
SESSION_COOKIE_HTTPONLY = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # bytes of a form; photos are streamed, never read into memory
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
FILE_UPLOAD_HANDLERS = ["heliograph.web.arriving.NoFiles"]  # views that take files say so

EMAIL_BACKEND, EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD, EMAIL_USE_TLS = mail(_env.mail)
EMAIL_TIMEOUT = 15  # seconds
DEFAULT_FROM_EMAIL = SERVER_EMAIL = _env.mail_from

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": f"heliograph.core.logs.{_env.log_format.capitalize()}"}},
    "filters": {
        "brief": {"()": "heliograph.core.logs.Brief"},
        "redacting": {"()": "heliograph.core.redaction.Redacting"},
    },
    "handlers": {
        "out": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["brief", "redacting"]}
    },
    "root": {"handlers": ["out"], "level": "INFO"},
    # The same as the root: Django would otherwise add handlers of its own.
    "loggers": {"django": {"handlers": [], "propagate": True, "level": "INFO"}},
}
