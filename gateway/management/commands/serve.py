"""The production server: uvicorn workers with the gateway's protocol class."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from uvicorn import Server
from uvicorn.supervisors import Multiprocess

from gateway.server import config


class Command(BaseCommand):
    help = "Serve Socket.IO, WebSockets, REST and pages."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        workers = options["workers"]
        configuration = config(options["host"], options["port"], settings.GATEWAY_MAX_FRAME_BYTES, workers=workers)
        if workers == 1:
            Server(configuration).run()
        else:
            Multiprocess(configuration, sockets=[configuration.bind_socket()]).run()
