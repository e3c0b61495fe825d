"""What a program outside may rely on, case by case; player.py explains the words."""

from tests.contract.scripts.approvals import APPROVALS
from tests.contract.scripts.auto_dispatch import AUTO_DISPATCH
from tests.contract.scripts.callbacks import CALLBACKS
from tests.contract.scripts.failures import FAILURES
from tests.contract.scripts.operators import OPERATORS
from tests.contract.scripts.order import ORDER
from tests.contract.scripts.reasons import REASONS
from tests.contract.scripts.runners import RUNNERS

SCRIPTS = {
    **ORDER,
    **REASONS,
    **FAILURES,
    **OPERATORS,
    **APPROVALS,
    **RUNNERS,
    **CALLBACKS,
    **AUTO_DISPATCH,
}
