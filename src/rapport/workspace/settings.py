"""Django's settings, from the options of the installation."""

from __future__ import annotations

from rapport.workspace.database import database_settings
from rapport.workspace.options import home_folder, option, time_zone
from rapport.workspace.secret_key import secret_key

HOME = home_folder()
DEBUG = option("debug") == "yes"
SECRET_KEY = secret_key(HOME)
ALLOWED_HOSTS = option("hosts").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in option("origins").split(",") if origin]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_tasks",
    "rapport.workspace.queue",
    "rapport.workspace.team",
    "rapport.workspace.crm.records",
    "rapport.workspace.crm.sales",
    "rapport.workspace.crm.marketing",
    "rapport.workspace.crm.service",
    "rapport.workspace.crm.intake",
    "rapport.workspace.crm.lake",
    "rapport.workspace.scores",
    "rapport.workspace.metrics",
    "rapport.workspace.actions",
]
ROOT_URLCONF = "rapport.workspace.urls"
ASGI_APPLICATION = "rapport.workspace.asgi.application"
AUTH_USER_MODEL = "team.User"
DATABASES = {"default": database_settings(option("database"), HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
REPORTING_TIME_ZONE = time_zone().key
BASE_CURRENCY = option("currency")
