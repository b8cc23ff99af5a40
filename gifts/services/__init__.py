"""What may be done with coins and gifts. Each subject has a module; all move coins through `ledger` alone.

Locks are taken in one order everywhere, so that no two transactions wait for each other: streams, battles,
thrones, limited gifts, accounts, then what hangs on an account (sent gifts, combos, totals, progress, tiers);
rows of one table by their id.
"""
