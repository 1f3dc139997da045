"""A network of its own in which packets get lost: a Linux namespace's loopback, real TCP, real retransmissions.

Only its sockets are in the namespace: a thread that has entered it makes them. Takes root.
"""

import asyncio
import ctypes
import os
import re
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

_NEW_NETWORK = 0x40000000  # CLONE_NEWNET
_HOST = "127.0.0.1"


class LossyNetwork:
    """Made on entering, gone after leaving."""

    def __init__(self, share: float) -> None:
        """share: of packets that get lost, each way."""
        self._share = share
        self._inside = ThreadPoolExecutor(1)
        self._one_at_a_time = asyncio.Lock()

    async def connection(self) -> tuple[socket.socket, socket.socket]:
        """Both ends of a new connection through it."""
        loop = asyncio.get_running_loop()
        async with self._one_at_a_time:
            near = await loop.run_in_executor(self._inside, socket.socket)
            near.setblocking(False)
            try:
                connecting = loop.sock_connect(near, self._listening.getsockname())
                _, (far, _) = await asyncio.gather(connecting, loop.sock_accept(self._listening))
            except BaseException:
                near.close()
                raise
        return near, far

    async def lost_packets(self) -> int:
        """So far."""
        told = await asyncio.get_running_loop().run_in_executor(self._inside, _run, "iptables", "-nvxL", "INPUT")
        return sum(int(count) for count in re.findall(r"^\s*(\d+)\s+\d+\s+DROP", told, re.MULTILINE))

    async def __aenter__(self) -> Self:
        self._listening = await asyncio.get_running_loop().run_in_executor(self._inside, self._make)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.close()
        self._inside.shutdown()

    def _make(self) -> socket.socket:
        if ctypes.CDLL(None, use_errno=True).unshare(_NEW_NETWORK):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        _run("ip", "link", "set", "lo", "up", "mtu", "1500")
        chance = ("-m", "statistic", "--mode", "random", "--probability", str(self._share))
        _run("iptables", "-A", "INPUT", "-p", "tcp", *chance, "-j", "DROP")
        listening = socket.create_server((_HOST, 0))
        listening.setblocking(False)
        return listening


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
