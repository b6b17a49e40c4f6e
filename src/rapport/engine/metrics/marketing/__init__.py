"""Metrics of marketing: visits, e-mail, leads made and what they cost. One idea per file."""

from __future__ import annotations

from rapport.engine.metrics.marketing import (
    email_click_rate,
    email_list,
    email_list_growth,
    email_open_rate,
    email_rejections,
    email_volume,
    page_views,
)
from rapport.engine.metrics.spec import Metric

MARKETING: tuple[Metric, ...] = (
    page_views.PAGE_VIEWS,
    page_views.VISITS,
    email_volume.EMAILS_SENT,
    email_volume.EMAILS_DELIVERED,
    email_volume.EMAILS_OPENED,
    email_volume.EMAILS_CLICKED,
    email_open_rate.EMAIL_OPEN_RATE,
    email_open_rate.EMAIL_OPEN_RATE_TOTAL,
    email_open_rate.EMAIL_OPEN_RATE_SENT,
    email_open_rate.EMAIL_OPEN_RATE_WITH_MACHINES,
    email_open_rate.EMAIL_OPEN_RATE_EVENT,
    email_click_rate.EMAIL_CLICK_RATE,
    email_click_rate.EMAIL_CLICK_RATE_TOTAL,
    email_click_rate.EMAIL_CLICK_RATE_SENT,
    email_click_rate.EMAIL_CTOR,
    email_click_rate.EMAIL_CTOR_TOLD,
    email_rejections.EMAIL_BOUNCE_RATE,
    email_rejections.EMAIL_UNSUBSCRIBE_RATE,
    email_rejections.EMAIL_COMPLAINT_RATE,
    email_list.MAILABLE_CONTACTS,
    email_list.EMAIL_OPT_INS,
    email_list.EMAIL_LIST_DEPARTURES,
    email_list.EMAIL_LIST_UNSUBSCRIBES,
    email_list.EMAIL_LIST_BOUNCED,
    email_list_growth.EMAIL_LIST_GROWTH_RATE,
    email_list_growth.EMAIL_LIST_GROWTH_RATE_WITHOUT_BOUNCES,
    email_list_growth.EMAIL_LIST_GROWTH_RATE_END,
    email_list_growth.EMAIL_LIST_GROWTH_RATE_GROSS,
)
