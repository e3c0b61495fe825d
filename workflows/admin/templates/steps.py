"""The form of a template's steps, one row per step."""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.formsets import BaseFormSet, formset_factory

from runners.base import LONGEST_TIMEOUT_S
from runners.forms import TextBoundField
from runners.functions import UnusableModule, known_functions
from runners.models import Runner
from workflows import graph
from workflows.admin.templates.step_rows import StepRows
from workflows.admin.ui.fields import JSONObjectFormField
from workflows.authoring.spec import StepSpec, check_payload_shape
from workflows.errors import InvalidGraph

MOST_STEPS = 200
"""A template with more steps has no form: steps are edited one by one, or as a file."""

DEFAULT_RUNNER = ("", "default")


def _textarea(rows: int, **attributes: Any) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "cols": 20, "spellcheck": "false", **attributes})


class PayloadField(JSONObjectFormField):
    """The payload of a step."""

    def clean(self, value: Any) -> Any:
        """Return a payload of the right shape; the rest is checked with the whole template."""
        payload = super().clean(value)
        if problems := list(check_payload_shape(payload)):
            raise ValidationError(problems)
        return payload


class StepForm(forms.Form):
    """One step. Texts are kept as they were typed, since a step id may be any text."""

    bound_field_class = TextBoundField
    order = forms.IntegerField(
        required=False,
        min_value=0,
        help_text="Of several ready tasks, the one with the lowest number is dispatched first. "
        "Empty: last.",
    )
    step_id = forms.CharField(
        max_length=200,
        strip=False,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
        help_text="Unique within the template; case matters.",
    )
    title = forms.CharField(
        max_length=300, strip=False, required=False, help_text="Empty: same as the step id."
    )
    depends_on = forms.CharField(
        required=False,
        strip=False,
        widget=_textarea(2, **{"class": "depends-on"}),
        help_text="Step ids of this template, one per line. All of them must succeed first.",
    )
    runner = forms.ChoiceField(required=False, help_text="Where the step is executed.")
    payload = PayloadField(
        widget=_textarea(2, **{"class": "json"}),
        help_text='What the step does: {"command": ["tar", "-czf", …]} '
        'or {"python": "name", "kwargs": {}} or {"task": "shop.tasks.export", "args": []}.',
    )
    timeout_seconds = forms.IntegerField(
        label="Timeout (s)",
        required=False,
        min_value=1,
        max_value=LONGEST_TIMEOUT_S,
        help_text=f"1 to {LONGEST_TIMEOUT_S} seconds. Empty: one day.",
    )
    requires_approval = forms.BooleanField(
        label="Approval",
        required=False,
        help_text="Ticked: the step waits until somebody with the permission approves it.",
    )

    def clean_step_id(self) -> str:
        """Return an id that is not blank."""
        step_id: str = self.cleaned_data["step_id"]
        if not step_id.strip():
            raise ValidationError("Give the step an id.")
        return step_id


if TYPE_CHECKING:
    AnyFormSet = BaseFormSet[StepForm]
else:
    AnyFormSet = BaseFormSet


class StepFormSet(AnyFormSet):
    """All steps of a template; steps that do not form a DAG are refused with the reason."""

    default_error_messages = {
        "too_many_forms": f"This form takes at most {MOST_STEPS} steps; import a file instead."
    }

    def __init__(
        self,
        *args: Any,
        instance: object = None,
        queryset: object = None,
        save_as_new: bool = False,
        **kwargs: Any,
    ) -> None:
        """
        Read the names of the runners once for all rows.

        The admin passes further arguments about database rows, which are not used: the rows of
        this form are plain data.
        """
        super().__init__(*args, **kwargs)
        self._runners = runner_choices()
        self.functions, self.functions_problem = functions_offered()

    @classmethod
    def get_default_prefix(cls) -> str:
        """Name the fields `steps-0-step_id`."""
        return "steps"

    @property
    def rows(self) -> StepRows:
        """The rows as HTML."""
        return StepRows(self)

    @property
    def media(self) -> forms.Media:
        """What the fields of a row need; no row is made for it."""
        return self.empty_form.media

    def __getitem__(self, place: Any) -> Any:
        """Return a form; templates try each attribute as a key first, which would make them all."""
        if isinstance(place, str):
            raise KeyError(place)
        return super().__getitem__(place)

    @property
    def initial_forms(self) -> list[Any]:
        """The stored rows; none of a form that was not sent: the admin would make each for this."""
        return super().initial_forms if self.is_bound else []

    @property
    def extra_forms(self) -> list[Any]:
        """The new rows, in the same way."""
        return super().extra_forms if self.is_bound else []

    def is_multipart(self) -> bool:
        """Return False: no field takes a file."""
        return False

    def get_queryset(self) -> tuple[()]:
        """Return nothing, since the rows of the form are not database rows."""
        return ()

    def add_fields(self, form: Any, index: int | None) -> None:
        """Offer the runners as choices."""
        super().add_fields(form, index)
        form.fields["runner"].choices = self._runners

    def clean(self) -> None:
        """Refuse steps that do not form a DAG, naming the step or the cycle."""
        if any(self.errors):
            return
        try:
            graph.check([(step["step_id"], step["depends_on"]) for step in self.steps()])
        except InvalidGraph as exc:
            raise ValidationError(exc.fields["steps"]) from exc

    def steps(self) -> list[dict[str, Any]]:
        """Return the steps as plain data, in the order in which they are dispatched."""
        rows = [
            form.cleaned_data
            for form in self.forms
            if form.cleaned_data and not form.cleaned_data.get("DELETE")
        ]
        rows.sort(key=lambda row: (row["order"] is None, row["order"]))
        known = {row["step_id"] for row in rows}
        return [step_of(row, known) for row in rows]


def functions_offered() -> tuple[dict[str, str], str]:
    """Return the functions that a payload may name, with descriptions; and what went wrong."""
    try:
        return known_functions(), ""
    except UnusableModule as exc:
        return {}, f"The functions cannot be listed. {exc}"


def step_formset(*, blank: int) -> type[StepFormSet]:
    """Return the formset of the steps, with blank rows for browsers without JavaScript."""
    made: type[Any] = formset_factory(
        StepForm,
        StepFormSet,
        extra=blank,
        can_delete=True,
        max_num=MOST_STEPS,
        validate_max=True,
        absolute_max=MOST_STEPS + 50,
    )
    return made


def rows_of(steps: Iterable[StepSpec]) -> list[dict[str, Any]]:
    """Return stored steps as form rows, with gaps in the order for steps in between."""
    return [
        {
            "order": position * 10,
            "step_id": step.step_id,
            "title": step.title,
            "depends_on": "\n".join(step.depends_on),
            "runner": step.runner or "",
            "payload": step.payload,
            "timeout_seconds": step.timeout_seconds,
            "requires_approval": step.requires_approval,
        }
        for position, step in enumerate(steps, start=1)
    ]


def runner_choices() -> list[tuple[str, str]]:
    """Return the choices of a step's runner: the default, then each by name."""
    names = Runner.objects.values_list("name", flat=True)
    return [DEFAULT_RUNNER, *((name, name) for name in names)]


def step_of(row: dict[str, Any], known: Collection[str]) -> dict[str, Any]:
    """Return a form row as plain data; `known` are the step ids of the template."""
    return {
        "step_id": row["step_id"],
        "title": row["title"] if row["title"].strip() else row["step_id"],
        "depends_on": list(_step_ids(row["depends_on"], known)),
        "runner": row["runner"] or None,
        "payload": row["payload"],
        "timeout_seconds": row["timeout_seconds"],
        "requires_approval": row["requires_approval"],
    }


def _step_ids(text: str, known: Collection[str]) -> Iterable[str]:
    """Yield the step ids of a text, separated by line ends or commas; known ids may hold commas."""
    for line in text.splitlines():
        if line in known:
            yield line
        else:
            yield from filter(None, map(str.strip, line.split(",")))
