"""Addresses of the dashboards. Own ones end in part of an id, so that no page stands in their way."""

from __future__ import annotations

from django.urls import path

from rapport.workspace.pages.dashboards import asides, attribution, exports, mails, metric, outside, own, views

app_name = "dashboards"
urlpatterns = [
    path("", views.index, name="index"),
    path("new/", own.new, name="new"),
    path("attribution/", attribution.attribution, name="attribution"),
    path("attribution/figures/", attribution.figures, name="attribution_figures"),
    path("metrics/", metric.catalogue, name="metrics"),
    path("metrics/<str:metric_id>/", metric.metric, name="metric"),
    path("metrics/<str:metric_id>/figures/", metric.figures, name="metric_figures"),
    path("metrics/<str:metric_id>/rows/", metric.rows, name="rows"),
    path("metrics/<str:metric_id>/rows.csv", metric.export, name="export"),
    path("metrics/<str:metric_id>/why/", asides.why, name="why"),
    path("shared/<str:token>/", outside.shared, name="shared"),
    path("mail/<str:token>/leave/", mails.leave, name="unsubscribe"),
    path("<slug:slug>/", views.dashboard, name="dashboard"),
    path("<slug:slug>/figures/", views.figures, name="figures"),
    path("<slug:slug>/filter/", asides.filter_form, name="filter"),
    path("<slug:slug>/notes/", asides.add_note, name="add_note"),
    path("<slug:slug>/notes/<str:note_id>/delete/", asides.delete_note, name="delete_note"),
    path("<slug:slug>/export.<str:kind>", exports.export, name="export_board"),
    path("<slug:slug>/charts/<str:metric_id>.png", exports.picture, name="picture"),
    path("<slug:slug>/links/", outside.links, name="links"),
    path("<slug:slug>/links/<str:share_id>/revoke/", outside.revoke_link, name="revoke_link"),
    path("<slug:slug>/mail/", mails.mail, name="mail"),
    path("<slug:slug>/mail/<str:mail_id>/end/", mails.end_mail, name="end_mail"),
    path("<slug:slug>/copy/", own.copy, name="copy"),
    path("<slug:slug>/edit/", own.edit, name="edit"),
    path("<slug:slug>/delete/", own.delete, name="delete"),
    path("<slug:slug>/catalogue/", own.catalogue, name="catalogue"),
    path("<slug:slug>/tiles/", own.add_tile, name="add_tile"),
    path("<slug:slug>/tiles/<str:tile_id>/", own.change_tile, name="change_tile"),
    path("<slug:slug>/tiles/<str:tile_id>/move/", own.move_tile, name="move_tile"),
    path("<slug:slug>/tiles/<str:tile_id>/remove/", own.remove_tile, name="remove_tile"),
]
