"""The template pages list the functions that steps may name."""

import re

import pytest
from django.test import Client
from pytest_django import Settings

from tests.admin.conftest import add_url, text_of, url_of
from tests.factories import TemplateFactory
from workflows.models import WorkflowTemplate


def test_plain_form_lists_functions_with_descriptions(root: Client) -> None:
    page = text_of(root.get(f"{add_url(WorkflowTemplate)}?plain"))

    assert "Functions that a payload may name" in page
    assert re.search(r"noop ?Do nothing\.", page)


def test_builder_data_has_functions_with_descriptions(root: Client) -> None:
    data = root.get(url_of(TemplateFactory.create())).context["builder"]

    assert data["functions"]["noop"] == "Do nothing."
    assert data["functions"]["tests.add"] == "Add."


@pytest.mark.parametrize("query", ["", "?plain"])
def test_page_opens_and_names_module_that_cannot_be_imported(
    root: Client, settings: Settings, query: str
) -> None:
    settings.TASK_FUNCTION_MODULES = ["runners.functions", "no.such.module"]

    page = text_of(root.get(f"{add_url(WorkflowTemplate)}{query}"))

    assert "TASK_FUNCTION_MODULES: no.such.module cannot be imported" in page
