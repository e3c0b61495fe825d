"""
Templates from before versions were kept: their present content becomes the version they are at.

One template at a time, each in a few statements, so that memory is that of the largest one.
"""

from collections import defaultdict

from django.db import migrations


def keep_versions(apps, schema_editor):
    using = schema_editor.connection.alias
    templates = apps.get_model("workflows", "WorkflowTemplate").objects.using(using)
    versions = apps.get_model("workflows", "TemplateVersion").objects.using(using)
    for template in templates.filter(versions=None).order_by("pk").iterator():
        versions.create(
            template=template,
            number=template.version,
            content=_content(apps, using, template),
            saved_at=template.updated_at,
        )


def _content(apps, using, template):
    steps = apps.get_model("workflows", "TemplateStep").objects.using(using)
    edges = apps.get_model("workflows", "StepDependency").objects.using(using)
    depends_on = defaultdict(list)
    pairs = edges.filter(step__template=template).order_by("pk")
    for step, parent in pairs.values_list("step_id", "depends_on__step_id"):
        depends_on[step].append(parent)
    # As a file would hold it: without what is empty.
    about = {
        "description": template.description,
        "approver_must_differ": template.approver_must_differ,
        "parameters_schema": template.parameters_schema,
    }
    rows = steps.filter(template=template).order_by("position", "pk").select_related("runner")
    content = [_step(step, depends_on[step.pk]) for step in rows]
    return {"name": template.name, **_filled(about), "steps": content}


def _step(step, depends_on):
    options = {
        "depends_on": depends_on,
        "runner": step.runner and step.runner.name,
        "payload": step.payload,
        "timeout_seconds": step.timeout_seconds,
        "requires_approval": step.requires_approval,
    }
    return {"step_id": step.step_id, "title": step.title, **_filled(options)}


def _filled(fields):
    return {name: value for name, value in fields.items() if value}


class Migration(migrations.Migration):
    dependencies = [("workflows", "0003_roles")]
    operations = [migrations.RunPython(keep_versions, migrations.RunPython.noop)]
