"""Bringing a file in: upload, mapping, dry run, start, progress, result, undo."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from rapport.engine.errors import RapportError
from rapport.workspace.crm.intake.models import Import, RowVerdict, State
from rapport.workspace.crm.intake.uploads import keep_mapping, map_import, start_import, start_undo, upload
from rapport.workspace.pages.imports.mapping_form import screen, submitted
from rapport.workspace.pages.imports.shown import Result, result_of, working_of
from rapport.workspace.pages.imports.targets import tables
from rapport.workspace.team.access import Action, needs
from rapport.workspace.team.models import Role, User

_PAGE = 50
_RECENT = 50


def seen_imports(request: HttpRequest) -> QuerySet[Import]:
    """An admin sees every import, a manager their own: files may hold what others own."""
    user = cast(User, request.user)
    return Import.objects.all() if user.role == Role.ADMIN else Import.objects.filter(by=user.pk)


@needs(Action.IMPORT)
def index(request: HttpRequest) -> HttpResponse:
    """Upload a file; what was imported before."""
    if request.method == "POST" and (file := request.FILES.get("file")):
        try:
            found = upload(
                file.chunks(), file_name=file.name or "file", by=cast(User, request.user).pk,
                source=request.POST.get("source", "").strip()[:100], table=request.POST.get("table", ""),
            )  # fmt: skip
        except RapportError as error:
            messages.error(request, str(error))
        else:
            return redirect("imports:show", found.pk)
    elif request.method == "POST":
        messages.error(request, "Choose a file first.")
    context = {"imports": seen_imports(request)[:_RECENT], "tables": tables()}
    return render(request, "imports/index.html", context)


@require_GET
@needs(Action.IMPORT)
def show(request: HttpRequest, import_id: str) -> HttpResponse:
    """The step at which an import is."""
    found = get_object_or_404(seen_imports(request), pk=import_id)
    again = request.GET.get("step") == "mapping" and found.state in (State.CHECKED, State.FAILED) and not found.cursor
    if found.state == State.UPLOADED or again:
        return _mapping_screen(request, found)
    context = {
        "found": found,
        "working": working_of(found),
        "result": result_of(found),
        **_page_of_rows(request, found),
    }
    return render(request, "imports/result.html", context)


@require_POST
@needs(Action.IMPORT)
def confirm_mapping(request: HttpRequest, import_id: str) -> HttpResponse:
    """Take the mapping and begin the dry run."""
    found = get_object_or_404(seen_imports(request), pk=import_id)
    try:
        mapping, source = submitted(found, {name: str(value) for name, value in request.POST.items()})
        keep_mapping(found.pk, mapping, source=source)
        map_import(found.pk, mapping, source=source)
    except RapportError as error:
        messages.error(request, str(error))
    return redirect("imports:show", found.pk)


@require_GET
@needs(Action.IMPORT)
def progress(request: HttpRequest, import_id: str) -> HttpResponse:
    """How far it is, asked every second; when it has ended, the page loads again."""
    found = get_object_or_404(seen_imports(request), pk=import_id)
    working = working_of(found)
    answer = render(request, "imports/progress.html", {"found": found, "working": working})
    if working is None:
        answer["HX-Refresh"] = "true"
    return answer


@require_GET
@needs(Action.IMPORT)
def rows(request: HttpRequest, import_id: str) -> HttpResponse:
    """A page of the rows of one verdict."""
    found = get_object_or_404(seen_imports(request), pk=import_id)
    return render(
        request, "imports/rows.html", {"found": found, "result": result_of(found), **_page_of_rows(request, found)}
    )


@require_POST
@needs(Action.IMPORT)
def start(request: HttpRequest, import_id: str) -> HttpResponse:
    """Begin to write the rows."""
    found = get_object_or_404(seen_imports(request), pk=import_id)
    start_import(found.pk)
    return redirect("imports:show", found.pk)


@require_POST
@needs(Action.IMPORT)
def undo(request: HttpRequest, import_id: str) -> HttpResponse:
    """Begin to undo an import."""
    found = get_object_or_404(seen_imports(request), pk=import_id)
    start_undo(found.pk)
    return redirect("imports:show", found.pk)


def _mapping_screen(request: HttpRequest, found: Import) -> HttpResponse:
    try:
        shown = screen(found, table=request.GET.get("table", ""))
    except RapportError as error:
        messages.error(request, str(error))
        return redirect("imports:index")
    return render(request, "imports/mapping.html", {"found": found, "screen": shown})


def _page_of_rows(request: HttpRequest, found: Import) -> dict[str, object]:
    """The rows that are kept of the step at hand, of one verdict."""
    result: Result = result_of(found)
    verdict = request.GET.get("verdict", "")
    shown: QuerySet[RowVerdict] = found.verdicts.filter(of_check=result.of_check).order_by("row")
    if verdict in result.counts:
        shown = shown.filter(verdict=verdict)
    page = Paginator(shown, _PAGE).get_page(request.GET.get("page"))
    return {"verdict": verdict, "page": page}
