"""What people are asked before rows are deleted: how many they are, what goes along, what stays."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from workflows.admin.ui.lists import AnyAdmin
from workflows.insight.phrases import joined

MOST_IN_TITLE = 2
"""How many kinds of what goes along stand in the title; more of them are a sentence."""
TEMPLATE = "workflows/delete.html"


@dataclass(frozen=True, slots=True)
class Deletion:
    """Rows that are about to be deleted."""

    verb: str
    named: str
    """`template nightly`, `3 templates`."""
    count: int
    along: Mapping[str, int] = field(default_factory=dict)
    """How many rows of other models go with them, by the plural of their names."""
    effects: Sequence[str] = ()
    refusals: Sequence[str] = ()
    """Why they cannot be deleted."""

    @property
    def title(self) -> str:
        """Return `Delete template nightly and its 3 versions?`."""
        if self.refusals:
            return f"{self.named[0].upper()}{self.named[1:]} cannot be deleted"
        if not 0 < len(self.along) <= MOST_IN_TITLE:
            return f"{self.button}?"
        return f"{self.button} and {'its' if self.count == 1 else 'their'} {self._along}?"

    @property
    def button(self) -> str:
        """Return `Delete template nightly`."""
        return f"{self.verb} {self.named}"

    @property
    def sentences(self) -> list[str]:
        """Return what follows."""
        told = [f"Goes along: {self._along}."] if len(self.along) > MOST_IN_TITLE else []
        return [*told, *self.effects]

    @property
    def them(self) -> str:
        """Return what the rows are called on the button that keeps them."""
        return "it" if self.count == 1 else "them"

    @property
    def _along(self) -> str:
        return joined([_counted(n, plural) for plural, n in self.along.items()])


class DeletingAdmin(AnyAdmin):
    """A model admin that asks before it deletes, in our words; a dialog where scripts run."""

    delete_confirmation_template = TEMPLATE
    delete_selected_confirmation_template = TEMPLATE
    deletion_verb = "Delete"
    row_noun = ""
    """What one row is called, if not by the last word of its name: `template`."""

    @property
    def noun(self) -> str:
        """Return what one row is called."""
        return self.row_noun or str(self.opts.verbose_name).split()[-1]

    @property
    def action_phrases(self) -> dict[str, tuple[str, bool]]:
        """Return what the button of a list says, with a gap for the rows, and whether it is red."""
        return {"delete_selected": (f"{self.deletion_verb} {{}}…", True)}

    def name_of(self, row: Any) -> str:
        """Return what a row is called in the question."""
        return str(row)

    def effects_of_deletion(self, rows: Sequence[Any]) -> Iterable[str]:
        """Return sentences about what follows; none by default."""
        return ()

    def render_delete_form(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
        """Ask about one row; the page that asked is gone afterwards."""
        self._ask([context["object"]], context)
        context |= {"rows": context["deleted_objects"], "leaves": True}
        return super().render_delete_form(request, context)

    def response_action(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse | None:
        """Ask about several rows, as about one."""
        answer = super().response_action(request, *args, **kwargs)
        context = answer.context_data if isinstance(answer, TemplateResponse) else None
        if context and "deletable_objects" in context:
            self._ask(list(context["queryset"]), context)
            context["rows"] = context["deletable_objects"][0]
        return answer

    def _ask(self, rows: Sequence[Any], context: dict[str, Any]) -> None:
        count, own = len(rows), str(self.opts.verbose_name_plural)
        named = f"{self.noun} {self.name_of(rows[0])}" if count == 1 else f"{count:,} {self.noun}s"
        context["question"] = question = Deletion(
            verb=self.deletion_verb,
            named=named,
            count=count,
            along={
                str(kind): n
                for kind, n in context["model_count"]
                if n and str(kind) not in {own, *_links()}
            },
            effects=list(self.effects_of_deletion(rows)),
            refusals=[*map(str, context["protected"]), *_lacking(context["perms_lacking"])],
        )
        context["title"] = question.title


def _links() -> Iterable[str]:
    """Return what rows are called that only say which two others belong together."""
    models = apps.get_models(include_auto_created=True)
    return (str(model._meta.verbose_name_plural) for model in models if model._meta.auto_created)


def _lacking(kinds: Iterable[Any]) -> list[str]:
    """Return why rows stay if somebody may not delete what would go along."""
    named = joined(sorted(map(str, kinds)))
    return [f"you do not have permission to delete what belongs to it: {named}"] if named else []


def _counted(n: int, plural: str) -> str:
    """Return `1 step`, `30 steps`."""
    if n > 1:
        return f"{n:,} {plural}"
    models = apps.get_models(include_auto_created=True)
    singular = (m._meta.verbose_name for m in models if m._meta.verbose_name_plural == plural)
    return f"1 {next(singular, plural.removesuffix('s'))}"
