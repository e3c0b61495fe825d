# One image for the site, the local runner and the Celery workers (see compose.yaml).
FROM python:3.11-slim

# DEBUG is off: without settings, a container ends with one line that names what is missing.
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DEBUG=off
WORKDIR /srv/orchestrator

COPY requirements.txt requirements-celery.txt ./
RUN pip install --no-cache-dir -r requirements-celery.txt

COPY . .
# Tasks execute commands of authors; they must not run as root. The code stays root's: what is
# written, such as backups, lies in var. Static files are served as they are, from the packages.
RUN useradd --create-home --uid 10001 orchestrator && install -d -o orchestrator -g orchestrator var
USER 10001
VOLUME /srv/orchestrator/var

EXPOSE 8000
CMD ["gunicorn", "--bind", "0.0.0.0:8000"]
