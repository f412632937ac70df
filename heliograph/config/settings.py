"""Django's settings: few, and all that varies comes from core/environment.py."""

from __future__ import annotations

from psycopg.conninfo import conninfo_to_dict

from heliograph.core import environment

_env = environment.get()
_directory = conninfo_to_dict(_env.directory)

SECRET_KEY = _env.secret_key
DEBUG = _env.debug
ALLOWED_HOSTS = ["*"]  # absolute links come from HELIOGRAPH_URL, never from the Host header
ROOT_URLCONF = "heliograph.config.urls"
WSGI_APPLICATION = "heliograph.config.wsgi.application"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.staticfiles",
    "heliograph.sharding.apps.Sharding",
    "heliograph.accounts.apps.Accounts",
]
AUTH_USER_MODEL = "accounts.Person"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _directory.get("dbname", ""),
        "USER": _directory.get("user", ""),
        "HOST": _directory.get("host", ""),
        "PORT": str(_directory.get("port", "")),
        "CONN_MAX_AGE": 0,
        "OPTIONS": {
            **({"passfile": _env.pgpassfile} if _env.pgpassfile else {}),
            "pool": {"min_size": 0, "max_size": 8, "timeout": 3, "num_workers": 1},
        },
    }
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
STATIC_URL = "/static/"
