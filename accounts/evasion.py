"""Who may have come back under another name: a new account that shares a device or a network with a banned one.

A device is known by an HMAC of the id its app sends, a network by one of the address's prefix. Either can be shared or
made up: they are signals for a person to look at, and never let anybody in or keep anybody out.
"""

from collections.abc import Callable, Collection, Sequence
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from accounts.models import EvasionFlag, Session, Signal, User
from gateway.encryption import fingerprint

_PREFIX_BITS = {4: 24, 6: 64}

# (the new account's id, what it shares with banned users). Runs in the transaction that flags it.
Hearer = Callable[[int, Sequence[str]], None]
_hearers: list[Hearer] = []


def hears_flags(hearer: Hearer) -> Hearer:
    """Decorator: tell a function of each new account that is flagged."""
    _hearers.append(hearer)
    return hearer


def device_fingerprint(device_id: str) -> str:
    """What is kept of the id an app sends for its device; empty without one."""
    return fingerprint(f"device:{device_id}") if device_id else ""


def network_fingerprint(address: str) -> str:
    """What is kept of the network of an address: a /24, or a /64 of IPv6; empty when it is none."""
    try:
        ip = ip_address(address)
    except ValueError:
        return ""
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    network = ip_network(f"{ip}/{_PREFIX_BITS[ip.version]}", strict=False)
    return fingerprint(f"network:{network}")


def flag_evasion(session: Session) -> None:
    """Flag a new account whose session shares a device or a network with a banned user, once for each of them.

    Runs in the caller's transaction.
    """
    if timezone.now() - session.user.date_joined > settings.EVASION_NEW_ACCOUNT:
        return
    shared = Q(device=session.device) if session.device else Q(pk=None)
    if session.network:
        shared |= Q(network=session.network)
    others = Session.objects.filter(shared, user__is_banned=True).exclude(user=session.user).order_by("-created_at")
    found = {
        (other.user_id, Signal.DEVICE if session.device and other.device == session.device else Signal.NETWORK)
        for other in others[: settings.EVASION_MOST_MATCHES]
    }
    known = EvasionFlag.objects.filter(user=session.user).values_list("banned", "signal")
    new = found - {(banned, Signal(signal)) for banned, signal in known}
    if not new:
        return
    EvasionFlag.objects.bulk_create(
        [EvasionFlag(user=session.user, banned_id=banned, signal=signal) for banned, signal in sorted(new)],
        ignore_conflicts=True,
    )
    for hear in _hearers:
        hear(session.user_id, sorted({str(signal) for _, signal in new}))


def places_of(user_ids: Collection[int]) -> dict[int, set[str]]:
    """The devices and networks each of some users has signed in from, as fingerprints; one query."""
    places: dict[int, set[str]] = {user_id: set() for user_id in user_ids}
    sessions = Session.objects.filter(user__in=places).order_by().values_list("user", "device", "network").distinct()
    for user_id, *fingerprints in sessions:
        places[user_id].update(filter(None, fingerprints))
    return places


def accounts_sharing_with(user: User) -> list[tuple[User, Signal]]:
    """Other users with a session on one of the user's devices or networks, those of devices first."""
    own = Session.objects.filter(user=user)
    found: dict[int, tuple[User, Signal]] = {}
    for signal in (Signal.DEVICE, Signal.NETWORK):
        shared = own.exclude(**{signal.value: ""}).values(signal.value)
        others = User.objects.filter(**{f"sessions__{signal}__in": shared}).exclude(pk=user.pk).distinct()
        for other in others.order_by("-date_joined")[: settings.EVASION_MOST_MATCHES]:
            found.setdefault(other.pk, (other, signal))
    return list(found.values())
