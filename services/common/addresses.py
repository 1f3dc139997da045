"""Whom a request comes from."""

import ipaddress

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection


def address_of(connection: HTTPConnection, proxies: int) -> str:
    """The client's address, as text; an IPv6 one as its /64 network, of which everybody has at least one.

    proxies: how many of our own the request passed. Each of them adds to X-Forwarded-For the address that it got the
    request from, behind whatever the client wrote there itself.
    """
    address = connection.client.host if connection.client else ""
    if proxies:
        headers = Headers(scope=connection.scope)  # the connection's own would be kept for as long as it is open
        told = ",".join(headers.getlist("x-forwarded-for")).split(",")
        if len(told) >= proxies:
            address = told[-proxies].strip()
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
