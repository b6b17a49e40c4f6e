"""The application for an ASGI server."""

from django.core.asgi import get_asgi_application
from django.urls import get_resolver

application = get_asgi_application()
_ = get_resolver().url_patterns  # loads every page now, so that the first visitor does not wait for it
