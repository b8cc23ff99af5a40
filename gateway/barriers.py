"""Networks nobody may come from, as this process knows them: an app says which they are, again and again."""

from collections import defaultdict
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from gateway.errors import CommandError, ErrorCode

Network = IPv4Network | IPv6Network


class Barriers:
    """The networks that are barred now. A look costs as much as there are lengths of prefixes, not networks."""

    def __init__(self) -> None:
        self._prefixes: dict[tuple[int, int], set[int]] = {}

    def replace(self, networks: Iterable[Network]) -> None:
        """Bar these networks from now on, and no others."""
        prefixes: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
        for network in networks:
            length = network.prefixlen
            prefixes[network.version, length].add(int(network.network_address) >> (network.max_prefixlen - length))
        self._prefixes = dict(prefixes)

    def bars(self, address: str) -> bool:
        """Whether a client at this address is kept out."""
        if not self._prefixes:
            return False
        try:
            ip = ip_address(address)
        except ValueError:
            return False
        if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        number, bits = int(ip), ip.max_prefixlen
        return any(
            version == ip.version and number >> (bits - length) in found
            for (version, length), found in self._prefixes.items()
        )

    def require_open(self, address: str) -> None:
        """Refuse whoever comes from a barred network.

        Raises:
            CommandError: `banned`.
        """
        if self.bars(address):
            raise CommandError(ErrorCode.BANNED)


barriers = Barriers()
