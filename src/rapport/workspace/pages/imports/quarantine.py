"""Rows that were refused: downloaded with their reasons, mended one by one, or tried again together."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from rapport.workspace.crm.intake.models import Import
from rapport.workspace.crm.intake.quarantine import admit
from rapport.workspace.lib.csv_export import csv_lines
from rapport.workspace.pages.imports.views import seen_imports
from rapport.workspace.team.access import Action, needs


@require_GET
@needs(Action.IMPORT)
def download(request: HttpRequest, import_id: str) -> HttpResponseBase:
    """Refused and doubled rows as CSV: row, verdict, reason, then the cells."""
    found = get_object_or_404(seen_imports(request), pk=import_id)
    lines = csv_lines(["Row", "Verdict", "Reason", *found.header], _refused(found))
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="refused-rows.csv"'
    return answer


def _refused(found: Import) -> Iterator[list[object]]:
    of_check = not found.cursor
    kept = found.verdicts.filter(of_check=of_check, verdict__in=("error", "duplicate"), admitted=False).order_by("row")
    for verdict in kept.iterator(chunk_size=1000):
        yield [verdict.row, verdict.verdict, verdict.reason, *verdict.original]


@require_POST
@needs(Action.IMPORT)
def admit_all(request: HttpRequest, import_id: str) -> HttpResponse:
    """Try every row in quarantine again as it is."""
    found = get_object_or_404(seen_imports(request), pk=import_id)
    counts = admit(found.pk)
    taken = sum(count for verdict, count in counts.items() if verdict != "error")
    messages.success(request, f"{taken:,} taken, {counts.get('error', 0):,} still refused.")
    return redirect("imports:show", found.pk)


@needs(Action.IMPORT)
def mend(request: HttpRequest, import_id: str, row: int) -> HttpResponse:
    """Show a refused row to be mended, or take it as mended."""
    found = get_object_or_404(seen_imports(request), pk=import_id)
    verdict = get_object_or_404(found.verdicts, of_check=False, verdict="error", row=row, admitted=False)
    if request.method != "POST":
        cells = [*verdict.original, *[""] * (len(found.header) - len(verdict.original))]
        pairs = list(enumerate(zip(found.header, cells, strict=False)))
        return render(request, "imports/mend.html", {"found": found, "verdict": verdict, "pairs": pairs})
    cells = [request.POST.get(f"cell-{n}", "") for n in range(len(found.header))]
    if admit(found.pk, {row: cells}).get("error"):
        verdict.refresh_from_db()
        messages.error(request, f"Row {row} is still refused: {verdict.reason}")
        return redirect("imports:mend", found.pk, row)
    messages.success(request, f"Row {row} is taken.")
    return redirect("imports:show", found.pk)
