"""
Nothing any more: until 0.1.0, it made four groups, or took over those of the same names.

0019 makes groups with names of their own.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("workflows", "0002_secrets_and_versions"),
        ("runners", "0002_runner_secret_names"),
    ]
    operations = []
