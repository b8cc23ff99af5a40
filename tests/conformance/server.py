"""The profile the suite drives: the real bridge with short intervals, no authentication and a small application.

    python -m tests.conformance.server --port 3000 --server hypercorn

It needs neither PostgreSQL nor Redis, because the protocol ends where the gateway begins.
"""

import argparse
import asyncio
import secrets
from typing import Any

import django
from django.conf import settings

from realtime_project.settings import base

# The project's own numbers and its own logging; of its applications the gateway alone, with what it imports.
shared = {name: getattr(base, name) for name in dir(base) if name.isupper()}
profile = {
    "AUTH_USER_MODEL": "auth.User",
    "GATEWAY_TRUSTED_PROXIES": ["127.0.0.1"],
    "INSTALLED_APPS": ["django.contrib.auth", "django.contrib.contenttypes", "gateway"],
    "SECRET_KEY": secrets.token_hex(),
}
settings.configure(**shared | profile)
django.setup()

from gateway.transports.address import client_address  # noqa: E402
from gateway.transports.socketio import Bridge, EngineServer  # noqa: E402

HOST = "127.0.0.1"
MAX_PAYLOAD = 1_000_000
ENGINE: dict[str, Any] = {
    "ping_interval": 0.3,
    "ping_timeout": 0.2,
    "max_http_buffer_size": MAX_PAYLOAD,
}
NAMESPACES = ["/", "/custom"]
GREETING_SECONDS = 0.01


def chat() -> Bridge:
    bridge = Bridge(connect_timeout=1.0, namespaces=NAMESPACES, **ENGINE)

    async def greet(namespace: str, sid: str, payload: dict[str, Any]) -> None:
        # The answer to CONNECT goes out when the handler has returned, and the greeting is to come after it.
        await asyncio.sleep(GREETING_SECONDS)
        await bridge.emit("auth", payload, to=sid, namespace=namespace)

    def greeter(namespace: str) -> Any:
        async def connect(sid: str, _environ: dict[str, Any], payload: dict[str, Any] | None = None) -> None:
            bridge.start_background_task(greet, namespace, sid, payload or {})

        return connect

    async def message(sid: str, *args: Any) -> None:
        await bridge.emit("message-back", args, to=sid)

    async def message_with_ack(_sid: str, *args: Any) -> tuple[Any, ...]:
        return args

    async def address(sid: str) -> str:
        return client_address(bridge.get_environ(sid)["asgi.scope"])

    for namespace in NAMESPACES:
        bridge.on("connect", greeter(namespace), namespace=namespace)
    bridge.on("message", message)
    bridge.on("message-with-ack", message_with_ack)
    bridge.on("address", address)
    return bridge


def echo() -> EngineServer:
    engine = EngineServer(**ENGINE)
    engine.on("message", engine.send)
    return engine


class Application:
    """Socket.IO on its usual path, and a bare Engine.IO echo beside it."""

    def __init__(self) -> None:
        self.paths = {"/socket.io/": chat(), "/engine.io/": echo()}

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
        else:
            await self.paths[scope["path"]].handle_request(scope, receive, send)


async def lifespan(receive: Any, send: Any) -> None:
    for step in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{step}.complete"})


def run_uvicorn(application: Application, port: int) -> None:
    from uvicorn import Server

    from gateway.server import config, tune_garbage_collector

    production = config(HOST, port, MAX_PAYLOAD)
    production.app = application
    tune_garbage_collector()
    Server(production).run()


def run_hypercorn(application: Application, port: int) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"{HOST}:{port}"]
    config.websocket_max_message_size = MAX_PAYLOAD
    asyncio.run(serve(application, config))


def run_daphne(application: Application, port: int) -> None:
    from daphne.endpoints import build_endpoint_description_strings
    from daphne.server import Server

    Server(application, build_endpoint_description_strings(host=HOST, port=port), verbosity=0).run()


SERVERS = {"uvicorn": run_uvicorn, "hypercorn": run_hypercorn, "daphne": run_daphne}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--server", choices=SERVERS, default="uvicorn")
    options = parser.parse_args()
    SERVERS[options.server](Application(), options.port)


if __name__ == "__main__":
    main()
