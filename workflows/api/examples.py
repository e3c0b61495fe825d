"""Bodies that show how operations are used, for the OpenAPI document."""

from typing import Any

from drf_spectacular.utils import OpenApiExample


def _body(name: str, value: dict[str, Any]) -> OpenApiExample:
    return OpenApiExample(name, value, request_only=True)


TEMPLATES = [
    _body(
        "Two steps",
        {
            "name": "nightly backup",
            "steps": [
                {
                    "step_id": "dump",
                    "title": "Dump the database",
                    "payload": {"command": ["pg_dump", "--file", "shop.sql", "shop"]},
                },
                {
                    "step_id": "copy",
                    "title": "Copy it",
                    "depends_on": ["dump"],
                    "payload": {"command": ["cp", "shop.sql", "{{ params.directory }}"]},
                },
            ],
        },
    )
]
RUNS = [
    _body(
        "Of a template",
        {
            "workflow_template_id": 1,
            "parameters": {"directory": "/backups"},
            "auto_dispatch": True,
        },
    ),
    _body("Run again", {"again_of": 7, "version": "latest"}),
    _body("Of single tasks", {"task_ids": [12, 13]}),
]
RETRIES = [
    _body("All failed tasks", {"reason": "the disk has space again"}),
    _body("These steps", {"step_ids": ["copy"], "include_canceled": True}),
]
DISPATCHES = [
    _body("All ready tasks", {"limit": "all"}),
    _body("Dry run", {"dry_run": True}),
    _body("This task", {"task_id": 12}),
]
TASKS = [_body("A command", {"title": "Count the lines", "payload": {"command": ["wc", "a.txt"]}})]
HOLDS = [
    _body("Until a moment", {"reason": "not before eight", "resume_at": "2030-01-01T08:00:00Z"})
]
RUNNERS = [
    _body(
        "A host",
        {"name": "gpu-1", "kind": "http", "url": "http://gpu-1:9000", "capacity": 4},
    )
]
