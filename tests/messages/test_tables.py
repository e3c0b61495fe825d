"""How many mistakes there are, besides those of templates in `tests/authoring`."""

from tests.messages import test_api, test_command_line, test_files, test_forms, test_settings

TABLES = (test_api, test_files, test_command_line, test_settings, test_forms)


def test_each_door_has_its_mistakes_and_all_have_more_than_a_hundred() -> None:
    counts = [len(table.MISTAKES) for table in TABLES]
    assert min(counts) > 10
    assert sum(counts) > 150
