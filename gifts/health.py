"""What `manage.py doctor` asks of the ledger."""

from gateway.health import check
from gifts.selectors import ledger_faults


@check("ledger")
def ledger() -> str:
    """Every proof of the ledger holds."""
    broken = [name for name, ids in ledger_faults() if ids]
    return f"{', '.join(broken)}; see manage.py reconcile_ledger" if broken else ""
