"""Imported once in the process that slots are forked from: loads what every slot needs."""

import logging

import django

from runners.django_tasks import load_tasks
from runners.functions import load_functions

django.setup()
# What functions log is part of their output: as plain text, or as they configure it themselves.
logging.root.handlers.clear()
load_functions()
load_tasks()
