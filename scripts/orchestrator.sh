#!/bin/sh
# manage.py with the settings and the user of the services, by hand or from cron. Installed as
# /usr/local/sbin/orchestrator (docs/production.md); ORCHESTRATOR_ENV names another file of settings.
set -ae
cd /srv/orchestrator
. "${ORCHESTRATOR_ENV:-/etc/orchestrator.env}"
exec /usr/sbin/runuser -u orchestrator -- .venv/bin/python manage.py "$@"
