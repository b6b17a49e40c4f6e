"""Addresses of the scores."""

from __future__ import annotations

from django.urls import path

from rapport.workspace.pages.scores import (
    editor,
    exchange,
    feedback,
    history,
    holdout,
    lint,
    monitoring,
    record,
    release,
    shadow,
    suggestions,
    tally,
    views,
)
from rapport.workspace.pages.scores.form.views import form

app_name = "scores"
urlpatterns = [
    path("", views.index, name="index"),
    path("new/", editor.new, name="new"),
    path("form/", form, name="form"),
    path("preview/", editor.preview, name="preview"),
    path("effect/", editor.effect, name="effect"),
    path("capacity/", holdout.capacity, name="capacity"),
    path("record/<str:kind>/<str:record_id>/", record.record, name="record"),
    path("why/<str:name>/<str:record_id>/", record.why, name="why"),
    path("history/<str:name>/<str:record_id>/", history.history, name="history"),
    path("history/<str:name>/<str:record_id>/<str:entry_id>/", history.change, name="change"),
    path("tally/<str:name>/<str:record_id>/", tally.tally, name="tally"),
    path("feedback/<str:name>/<str:record_id>/", feedback.word, name="word"),
    path("feedback/<str:name>/<str:record_id>/give/", feedback.give, name="give_feedback"),
    path("import/hubspot/", exchange.import_hubspot, name="import_hubspot"),
    path("jobs/<str:job_id>/", release.job, name="job"),
    path("<str:name>/", views.score, name="score"),
    path("<str:name>/run/", release.run, name="run"),
    path("<str:name>/watch/", monitoring.watch, name="watch"),
    path("<str:name>/look/", monitoring.look, name="look"),
    path("<str:name>/holdout/", holdout.page, name="holdout"),
    path("<str:name>/holdout/start/", holdout.start, name="holdout_start"),
    path("<str:name>/holdout/stop/", holdout.stop, name="holdout_stop"),
    path("<str:name>/holdout/compare/", holdout.compare, name="holdout_compare"),
    path("<str:name>/<int:version>/shadow/", shadow.page, name="shadow"),
    path("<str:name>/<int:version>/shadow/fates/", shadow.fates, name="shadow_fates"),
    path("<str:name>/<int:version>/shadow/start/", shadow.start, name="shadow_start"),
    path("<str:name>/<int:version>/shadow/stop/", shadow.stop, name="shadow_stop"),
    path("<str:name>/retire/", release.retire, name="retire"),
    path("<str:name>/<int:version>/", views.version, name="version"),
    path("<str:name>/<int:version>/edit/", editor.edit, name="edit"),
    path("<str:name>/<int:version>/backtest/", release.backtest, name="backtest"),
    path("<str:name>/<int:version>/publish/", release.publish, name="publish"),
    path("<str:name>/<int:version>/rollback/", release.rollback, name="rollback"),
    path("<str:name>/feedback/", feedback.feedback, name="feedback"),
    path("<str:name>/feedback/criteria/", feedback.criteria, name="feedback_criteria"),
    path("<str:name>/<int:version>/lint/", lint.lint, name="lint"),
    path("<str:name>/<int:version>/lint/run/", lint.run, name="run_lint"),
    path("<str:name>/<int:version>/suggestions/", suggestions.suggestions, name="suggestions"),
    path("<str:name>/<int:version>/suggestions/run/", suggestions.run, name="run_suggestions"),
    path("<str:name>/<int:version>/suggestions/accept/", suggestions.accept, name="accept_suggestions"),
    path("<str:name>/<int:version>/hubspot/", exchange.exchange, name="exchange"),
    path("<str:name>/<int:version>/hubspot.json", exchange.export_hubspot, name="export_hubspot"),
    path("<str:name>/<int:version>/report.<str:form>", views.report, name="report"),
]
