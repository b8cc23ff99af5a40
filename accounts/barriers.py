"""Devices and networks nobody may come from: barred by staff, or with a user whose devices are banned.

A device is known by what its app says of it and can be changed, a network is shared: this is the last rung of the
ladder, and it ends by itself. Devices are looked for in the database as somebody signs in; networks are known to each
web process, a second old at the most, and are looked at by all transports.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import services
from accounts.evasion import device_fingerprint
from accounts.models import Barrier, Session
from audit.services import Actor, record
from gateway.barriers import Network, barriers
from gateway.errors import CommandError, ErrorCode

_KIND = "accounts.barrier"
# Shorter prefixes than these are whole providers.
_SHORTEST_PREFIX = {4: 16, 6: 32}
# What is barred of an address of IPv6 is what one household has.
_HOUSEHOLD_BITS = {4: 32, 6: 64}


def in_force(now: datetime | None = None) -> QuerySet[Barrier]:
    """The barriers that keep anybody out now."""
    return Barrier.objects.filter(Q(until__isnull=True) | Q(until__gt=now or timezone.now()), ended_at__isnull=True)


def networks_in_force() -> list[Network]:
    """The networks nobody may come from now."""
    found = in_force().exclude(network="").values_list("network", flat=True).distinct()
    return [ip_network(network) for network in found]


def require_open(*, address: str, device_id: str = "") -> None:
    """Refuse whoever signs in or registers from where nobody may.

    Raises:
        CommandError: `banned`.
    """
    barriers.require_open(address)
    if device_id and in_force().filter(device=device_fingerprint(device_id)).exists():
        raise CommandError(ErrorCode.BANNED)


def bar(
    *, actor: Actor, device_id: str = "", network: str = "", reason: str, lasts: timedelta | None = None
) -> list[Barrier]:
    """Let nobody in from a device, from a network, or from either, and close the sockets that are open there.

    Its transaction is its own.

    Args:
        actor: who acts.
        device_id: what the app calls the device.
        network: an address or a prefix, as `203.0.113.7` or `2001:db8::/48`.
        reason: why.
        lasts: how long; until it is lifted when left out.

    Raises:
        CommandError: `invalid_payload` for what is no network, or one that is too large or our own.
    """
    with transaction.atomic(durable=True):
        return bar_now(actor=actor, device_id=device_id, network=network, reason=reason, lasts=lasts)


def bar_now(
    *, actor: Actor, device_id: str = "", network: str = "", reason: str, lasts: timedelta | None = None
) -> list[Barrier]:
    """`bar` in the caller's transaction."""
    until = timezone.now() + lasts if lasts is not None else None
    made = []
    if device_id:
        made.append(Barrier(device=device_fingerprint(device_id), until=until))
    if network:
        made.append(Barrier(network=str(checked(network)), until=until))
    _add(actor, made, reason)
    return made


def of_places(*, device_id: str = "", network: str = "") -> list[int]:
    """The ids of the barriers in force on a device and on a network.

    Raises:
        CommandError: `invalid_payload` for what is no network.
    """
    named = Q(device=device_fingerprint(device_id)) if device_id else Q(pk=None)
    if network:
        named |= Q(network=str(checked(network)))
    return list(in_force().filter(named).order_by("pk").values_list("pk", flat=True))


def bar_places_of(*, actor: Actor, user_id: int, reason: str, until: datetime | None) -> None:
    """Bar the devices a user was signed in on, and where they were lately, in the caller's transaction.

    Addresses change hands, so they are barred for `BARRIER_ADDRESS_LASTS` at the most.
    """
    now = timezone.now()
    sessions = list(Session.objects.filter(user=user_id))
    recent = [session for session in sessions if session.last_seen_at > now - settings.BARRIER_ADDRESS_LASTS]
    addresses_until = min(filter(None, (until, now + settings.BARRIER_ADDRESS_LASTS)))
    devices = sorted({session.device for session in sessions if session.device})
    networks = sorted({household for session in recent if (household := _household(session.address))})
    _add(
        actor,
        [
            *(Barrier(user_id=user_id, device=device, until=until) for device in devices),
            *(Barrier(user_id=user_id, network=network, until=addresses_until) for network in networks),
        ],
        reason,
    )


def open_places_of(*, actor: Actor, user_ids: Collection[int]) -> None:
    """Lift what was barred with users whose devices are banned no longer, in the caller's transaction."""
    _lift(actor, in_force().filter(user__in=user_ids), "")


def lift(*, actor: Actor, barrier_ids: Collection[int], reason: str) -> int:
    """Let people in again from where they could not come. Returns how many barriers it were."""
    with transaction.atomic(durable=True):
        return _lift(actor, in_force().filter(pk__in=barrier_ids), reason)


def _add(actor: Actor, made: list[Barrier], reason: str) -> None:
    for barrier in made:
        barrier.reason, barrier.created_by_id = reason[:500], actor.user_id
        barrier.save()
        if barrier.device:
            services.end_sessions_on(device=barrier.device)
        until = barrier.until.isoformat() if barrier.until else None
        record(
            actor=actor,
            action="barrier.add",
            target_kind=_KIND,
            target_id=str(barrier.pk),
            after={"kind": barrier.kind, "user": barrier.user_id, "until": until},
            reason=reason,
        )


def _lift(actor: Actor, found: QuerySet[Barrier], reason: str) -> int:
    lifted = list(found.select_for_update(of=("self",)).order_by("pk"))
    Barrier.objects.filter(pk__in=[barrier.pk for barrier in lifted]).update(ended_at=timezone.now())
    for barrier in lifted:
        record(actor=actor, action="barrier.lift", target_kind=_KIND, target_id=str(barrier.pk), reason=reason)
    return len(lifted)


def checked(text: str) -> Network:
    """The network `text` names, when it may be barred.

    Raises:
        CommandError: `invalid_payload`.
    """
    try:
        network = ip_network(text, strict=False)
    except ValueError as error:
        raise CommandError(ErrorCode.INVALID_PAYLOAD, f"Invalid payload: {text} is no network") from error
    if network.prefixlen < _SHORTEST_PREFIX[network.version]:
        raise CommandError(ErrorCode.INVALID_PAYLOAD, f"Invalid payload: {network} is too large to be barred")
    if network.is_loopback or any(_is_in(proxy, network) for proxy in settings.GATEWAY_TRUSTED_PROXIES):
        raise CommandError(ErrorCode.INVALID_PAYLOAD, f"Invalid payload: {network} is our own")
    return network


def _household(address: str) -> str:
    """What is barred of an address; empty when it is none that may be."""
    try:
        ip = ip_address(address)
        return str(checked(f"{ip}/{_HOUSEHOLD_BITS[ip.version]}"))
    except (ValueError, CommandError):
        return ""


def _is_in(address: str, network: Network) -> bool:
    try:
        return ip_address(address) in network
    except ValueError:
        return False
