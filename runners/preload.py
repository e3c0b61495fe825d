"""What every slot needs, loaded once in the process that slots are forked from."""

import django

from runners.functions import load_functions

django.setup()
load_functions()
