# One image for the site, the local runner and the Celery workers (see compose.yaml).
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/orchestrator

COPY requirements.txt requirements-celery.txt ./
RUN pip install --no-cache-dir -r requirements-celery.txt

COPY . .
# Tasks execute commands of authors; they must not run as root.
RUN useradd --create-home orchestrator
USER orchestrator

EXPOSE 8000
CMD ["gunicorn", "--bind", "0.0.0.0:8000"]
