"""Socket.IO. The only place that knows python-socketio and python-engineio."""

from gateway.transports.socketio.bridge import Bridge, GatewayBridge
from gateway.transports.socketio.engine import EngineServer

__all__ = ["Bridge", "EngineServer", "GatewayBridge"]
