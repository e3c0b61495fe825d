"""Imported once in the process that slots are forked from: loads what every slot needs."""

import django

from runners.functions import load_functions

django.setup()
load_functions()
