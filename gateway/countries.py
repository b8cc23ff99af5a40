"""The country an address is in, read from a GeoIP database in a file (`GEOIP_DATABASE`); nothing is fetched.

Any MaxMind DB with countries will do, such as GeoLite2-Country or DB-IP's. A new file is read by new processes.
"""

from functools import cache

from django.conf import settings
from maxminddb import Reader, open_database


def country_of(address: str) -> str:
    """The ISO 3166 code of the country of an address; empty when it is not known, as it always is without a file."""
    reader = _reader()
    if reader is None:
        return ""
    try:
        record = reader.get(address)
    except ValueError:
        return ""
    country = record.get("country") if isinstance(record, dict) else None
    code = country.get("iso_code") if isinstance(country, dict) else None
    return code if isinstance(code, str) else ""


@cache
def _reader() -> Reader | None:
    path = settings.GEOIP_DATABASE
    return open_database(path) if path else None
