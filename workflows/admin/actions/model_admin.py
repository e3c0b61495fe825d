"""Model admins whose rows change by operations only: actions of the list, buttons of the page."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from workflows.admin.actions.buttons import Button, buttons_for
from workflows.admin.actions.forms import OperationForm
from workflows.admin.actions.outcomes import outcomes_of, show_outcome, show_outcomes
from workflows.admin.actions.questions import Question
from workflows.admin.actions.registry import AdminOperation
from workflows.admin.curl.command import curl_of_each
from workflows.admin.curl.doors import calls_of
from workflows.admin.ui.base import ReadOnlyAdmin, actor, is_id
from workflows.admin.ui.display import page_url
from workflows.models import WorkflowRun
from workflows.sites import dashboard_url

MOST_ROWS = 500
"""How many rows one click may change: each of them is an operation of its own."""
FROM_RUN = "run"
"""Value of `from_page` for a task's button on the page of its run."""
FROM_DASHBOARD = "dashboard"
"""Its value for the lines of the dashboard."""
NOT_ACROSS = {"", "0", "false", "False"}
"""Values of `select_across` for rows that were selected one by one."""


class OperableAdmin(ReadOnlyAdmin):
    """A model whose rows change by operations only."""

    operations: Sequence[AdminOperation] = ()
    operate_permission = "workflows.operate_workflowrun"

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Return True if the user may change these rows by operations."""
        return request.user.has_perm(self.operate_permission)

    def described(self, row: Any) -> tuple[str, str]:
        """Return the title and the state of a row, for pages that list rows of any model."""
        raise NotImplementedError

    def get_actions(self, request: HttpRequest, action_location: Any = None) -> dict[str, Any]:
        """
        Offer the operations to operators only; Django refuses to run what is not offered.

        :param action_location: since Django 6.1, a member of its ActionLocation. The page of a row
            has buttons.
        """
        on_page = getattr(action_location, "name", None) == "CHANGE_FORM"
        if on_page or not self.has_operate_permission(request):
            return {}
        return {
            each.name: (partial(operate, each), each.name, each.label) for each in self.operations
        }

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Answer 403 to users who are not operators; Django would ignore their click."""
        if request.method == "POST" and not self.has_operate_permission(request):
            raise PermissionDenied(f"This needs the permission {self.operate_permission}.")
        return super().changelist_view(request, extra_context)

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *more: Any, **where: Any
    ) -> HttpResponse | None:
        """Refuse values that are not ids; find selected rows that no longer match the filters."""
        if not all(map(is_id, request.POST.getlist(ACTION_CHECKBOX_NAME))):
            self.message_user(request, "The selected rows do not exist.", messages.ERROR)
            return None
        if request.POST.get("select_across", "") in NOT_ACROSS:
            queryset = self.get_queryset(request)
        return super().response_action(request, queryset, *more, **where)

    @property
    def action_phrases(self) -> dict[str, tuple[str, bool]]:
        """Return what the button of the list says; dots announce a question."""
        return {
            each.name: (each.phrase + ("…" if each.form else ""), each.is_destructive)
            for each in self.operations
        }

    def buttons(
        self, request: HttpRequest, row: Model, operations: Sequence[AdminOperation]
    ) -> list[Button]:
        """Return the buttons of a row's page; none if the user may not operate."""
        if not self.has_operate_permission(request):
            return []
        return list(buttons_for(row, operations, by=actor(request)))

    def carry_out(
        self, request: HttpRequest, operation: AdminOperation, rows: Sequence[Any], **answers: Any
    ) -> None:
        """Apply an operation to one row after the other, and show the outcome on the next page."""
        by = actor(request)
        outcomes = outcomes_of(operation, rows, by=by, **answers)
        if len(outcomes) == 1:
            show_outcome(request, operation, outcomes[0])
        else:
            now = self.get_queryset(request).in_bulk([row.pk for row in rows])
            described = {pk: self.described(row) for pk, row in now.items()}
            show_outcomes(request, operation, outcomes, described)


def operate(
    operation: AdminOperation, page: OperableAdmin, request: HttpRequest, queryset: QuerySet[Any]
) -> HttpResponse | None:
    """Apply an operation to the selected rows, one by one, once its form has been filled in."""
    rows = list(queryset[: MOST_ROWS + 1])
    if not 0 < len(rows) <= MOST_ROWS:
        text = f"Nothing was done: select 1 to {MOST_ROWS} existing rows."
        page.message_user(request, text, messages.ERROR)
        return None
    answers: dict[str, Any] = {}
    if operation.form:
        is_answered = "confirmed" in request.POST
        given = request.POST if is_answered else None
        form = operation.form(given, initial=request.POST.dict())
        if not form.is_valid():
            return _confirm_page(operation, page, request, rows, form)
        answers = form.cleaned_data
    page.carry_out(request, operation, rows, **answers)
    return _back_to_page(request, rows)


def _confirm_page(
    operation: AdminOperation,
    page: OperableAdmin,
    request: HttpRequest,
    rows: Sequence[Model],
    form: OperationForm,
) -> HttpResponse:
    by = actor(request)
    question = Question(operation, rows, {row.pk: operation.domain.check(row, by) for row in rows})
    lines = [
        (row, page_url(type(row), row.pk), *page.described(row), question.refusals[row.pk])
        for row in rows
    ]
    context = {
        **page.admin_site.each_context(request),
        "title": question.title,
        "question": question,
        "operation": operation,
        "rows": lines,
        "states": Counter(state for *_, state, refusal in lines if not refusal).items(),
        "form": form,
        "opts": page.opts,
        "media": page.media,
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "from_page": request.POST.get("from_page", ""),
        "back": _page_before(request, rows) or request.get_full_path(),
        "curl": curl_of_each(request, calls_of(operation, question.acting)),
    }
    return TemplateResponse(request, "workflows/confirm.html", context)


def _back_to_page(request: HttpRequest, rows: Sequence[Model]) -> HttpResponse | None:
    """Return to the page that the button was on; None if it was the list itself."""
    address = _page_before(request, rows)
    return HttpResponseRedirect(address) if address else None


def _page_before(request: HttpRequest, rows: Sequence[Model]) -> str | None:
    came_from = request.POST.get("from_page")
    if came_from == FROM_DASHBOARD:
        return dashboard_url()
    if not came_from or len(rows) != 1:
        return None
    run_id = getattr(rows[0], "run_id", None)
    if came_from == FROM_RUN and run_id:
        return f"{page_url(WorkflowRun, run_id)}#task-{rows[0].pk}"
    return page_url(type(rows[0]), rows[0].pk)
