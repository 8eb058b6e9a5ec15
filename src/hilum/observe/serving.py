"""A small server for the probe of a process that has no console."""

from __future__ import annotations

from aiohttp import web

from hilum.errors import SettingsError
from hilum.observe.probe import PATHS, Probe

_HEAD_SECONDS = 15.0  # that a connection may be idle


class ProbeServer:
    """Listens from `start` to `stop`."""

    def __init__(self, probe: Probe, host: str, port: int) -> None:
        self._probe = probe
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Returns its address. Raises `SettingsError` where that is taken."""
        app = web.Application()
        for path in sorted(PATHS):
            app.router.add_get(path, self._answer)
        runner = web.AppRunner(app, access_log=None, keepalive_timeout=_HEAD_SECONDS, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port).start()
        except OSError as error:
            await runner.cleanup()
            raise SettingsError(
                f"The telemetry endpoint cannot listen on {self._host}:{self._port}: {error.strerror}. "
                "Set [telemetry] port, or --telemetry-port."
            ) from None
        self._runner = runner
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{runner.addresses[0][1]}"

    async def stop(self) -> None:
        """No longer."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        found = await self._probe.answer(request.path, request.remote or "", headers)
        return web.Response(
            status=found.status,
            body=found.body,
            headers={"Content-Type": found.content_type, "Cache-Control": "no-store"},
        )
