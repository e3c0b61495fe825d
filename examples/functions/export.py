"""The function of nightly_export.yaml that reads the database."""

import csv
import os
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.db import connections

from examples.functions.folders import private_files
from runners.functions import task_function


@task_function("export.query_to_csv")
@private_files()
def query_to_csv(
    query: str, created_at: str, day: str = "", database: str = "default"
) -> dict[str, Any]:
    """Write what a query finds about one day to a CSV file in the directory of the run."""
    about = date.fromisoformat(day or created_at[:10])
    if not day:
        about -= timedelta(days=1)
    path = Path(os.environ["ORCHESTRATOR_RUN_DIR"]) / f"{about}.csv"
    rows = 0
    # chunked_cursor() does not read all rows into memory, as a plain cursor of PostgreSQL does.
    with connections[database].chunked_cursor() as cursor, path.open("w", newline="") as file:
        cursor.execute(query, {"day": str(about), "next_day": str(about + timedelta(days=1))})
        writer = csv.writer(file)
        writer.writerow(column[0] for column in cursor.description)
        for row in cursor:
            writer.writerow(row)
            rows += 1
    print(f"{rows:,} rows of {about}")
    return {"day": str(about), "rows": rows, "path": str(path)}
