"""Django's settings, from the options of the installation."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from csp.constants import NONCE, NONE, SELF, UNSAFE_INLINE
from django.utils.translation import gettext_lazy as _

from rapport.workspace.database import database_settings
from rapport.workspace.options import home_folder, option, time_zone
from rapport.workspace.secret_key import secret_key

HOME = home_folder()
PACKAGE = Path(__file__).parent
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
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "axes",
    "csp",
    "django_htmx",
    "django_tasks",
    "rapport.workspace.queue",
    "rapport.workspace.team",
    "rapport.workspace.crm.records",
    "rapport.workspace.crm.sales",
    "rapport.workspace.crm.marketing",
    "rapport.workspace.crm.service",
    "rapport.workspace.crm.intake",
    "rapport.workspace.crm.lake",
    "rapport.workspace.crm.samples",
    "rapport.workspace.scores",
    "rapport.workspace.metrics",
    "rapport.workspace.metrics.segments",
    "rapport.workspace.actions",
    "rapport.workspace.pages.frame",
    "rapport.workspace.pages.dashboards",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "rapport.workspace.pages.frame.reader.ReaderMiddleware",
    "axes.middleware.AxesMiddleware",  # last, as it asks: it turns a locked-out sign-in into its own answer
]
ROOT_URLCONF = "rapport.workspace.urls"
ASGI_APPLICATION = "rapport.workspace.asgi.application"
AUTH_USER_MODEL = "team.User"
DATABASES = {"default": database_settings(option("database"), HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "rapport.workspace.pages.frame.context.frame",
            ],
            "builtins": ["django.templatetags.static", "rapport.workspace.pages.frame.templatetags.frame"],
        },
    }
]

# Reader: language, numbers, dates
USE_TZ = True
TIME_ZONE = "UTC"
REPORTING_TIME_ZONE = time_zone().key
BASE_CURRENCY = option("currency")
USE_I18N = True
USE_THOUSAND_SEPARATOR = False  # numbers for people pass through filters; those in addresses and fields stay plain
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("sv", "Svenska"), ("da", "Dansk"), ("nb", "Norsk"), ("zh-hans", "简体中文")]
FORMAT_MODULE_PATH = ["rapport.workspace.pages.frame.formats"]

# Files for the browser: served from the package, with the content's hash in the address
STATIC_URL = "/static/"
STATICFILES_DIRS = [PACKAGE / "static"]
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "rapport.workspace.lib.static_files.StampedStaticFiles"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 0 if DEBUG else 30 * 86400
WHITENOISE_ALLOW_ALL_ORIGINS = False

# Signing in
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "rapport.workspace.team.sign_in.Adapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_RATE_LIMITS = False  # axes locks out, in the database, so that every process counts the same
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "rapport.workspace.team.sign_in.name_given"
AXES_LOCKOUT_TEMPLATE = "account/locked_out.html"
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# Mail
_MAIL = urlsplit(option("mail"))
EMAIL_HOST = _MAIL.hostname or ""  # empty: none is sent
EMAIL_PORT = _MAIL.port or (465 if _MAIL.scheme == "smtps" else 587)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_MAIL.username or ""), unquote(_MAIL.password or "")
EMAIL_USE_SSL = _MAIL.scheme == "smtps"
EMAIL_USE_TLS = bool(EMAIL_HOST_USER) and not EMAIL_USE_SSL  # a password never goes in the clear
EMAIL_TIMEOUT = 30
DEFAULT_FROM_EMAIL = option("mail_from") or f"Rapport <rapport@{ALLOWED_HOSTS[0]}>"
PUBLIC_ADDRESS = CSRF_TRUSTED_ORIGINS[0] if CSRF_TRUSTED_ORIGINS else f"http://{ALLOWED_HOSTS[0]}:8000"

# Safety in the browser
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # a message may hold a new password
_OVER_HTTPS = any(origin.startswith("https://") for origin in CSRF_TRUSTED_ORIGINS)
SESSION_COOKIE_AGE = 14 * 86400
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _OVER_HTTPS
SESSION_COOKIE_NAME = "rapport_session"
CSRF_COOKIE_NAME = "rapport_csrf"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _OVER_HTTPS else None
SECURE_HSTS_SECONDS = 365 * 86400 if _OVER_HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "style-src-attr": [UNSAFE_INLINE],  # bar lengths written by the server; no script can come that way
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
FILE_UPLOAD_TEMP_DIR = None
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
