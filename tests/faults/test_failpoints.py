"""A process can be told to kill itself in tests, and nowhere else."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "realtime_project.settings.production",
    "SECRET_KEY": "throwaway-key-of-tests-0123456789-abcdefghijklmnopqrstuvwxyz",
    "AUDIT_KEYS": "throwaway-key-of-the-audit-log-0123456789-abcdef",
    "JWT_SIGNING_KEY": "throwaway-jwt-key-of-tests-0123456789-abcdefghijklmn",
    "FIELD_ENCRYPTION_KEYS": "throwaway:dGhyb3dhd2F5LWZpZWxkLWtleS1vZi1jaGVja3MtMDE=",
    "FINGERPRINT_KEY": "throwaway",
    "ALLOWED_HOSTS": "example.org",
}


@pytest.mark.parametrize(("variable", "status"), [({}, 0), ({"GATEWAY_FAILPOINT": "committed"}, 1)])
async def test_production_does_not_start_with_a_failpoint(variable, status):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "manage.py", "check",
        cwd=Path(__file__).parents[2], env={**os.environ, **PRODUCTION, **variable}, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, errors = await process.communicate()

    assert process.returncode == status
    assert ("gateway.E003" in errors.decode()) == bool(variable)
