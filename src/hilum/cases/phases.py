"""The switches of flows as an onboarding uses them: not past a policy that wants a second person for them."""

from __future__ import annotations

from dataclasses import dataclass

from hilum.cases import switches
from hilum.cases.policy import Policy
from hilum.errors import SettingsError
from hilum.postgres import Connection


@dataclass(frozen=True, slots=True)
class PhaseSwitches:
    """Stops flows until their phase begins, in its transaction: the `Switches` of `hilum.masterdata.onboarding`."""

    policy: Policy

    async def stop(self, connection: Connection, flow: str, *, by: str, reason: str) -> bool:
        """Stop it; says whether it was running. Raises `SettingsError` where one person may not."""
        stopped = {each.what for each in await switches.stopped(connection, flow)}
        rest = [each for each in switches.BOTH if each not in stopped]
        if rest:
            self._alone(flow, "pause")
            await switches.pause(connection, flow, rest, by=by, reason=reason)
        return bool(rest)

    async def go_on(self, connection: Connection, flow: str, *, by: str, reason: str) -> bool:
        """Let it go on; says whether it was stopped. Raises `SettingsError` where one person may not."""
        if not await switches.stopped(connection, flow):
            return False
        self._alone(flow, "resume")
        await switches.resume(connection, flow, by=by, reason=reason)
        return True

    def _alone(self, flow: str, act: str) -> None:
        """Raises `SettingsError` where one person may not do it."""
        demand = self.policy.demand("pause", {flow: 1})
        if demand is not None:
            raise SettingsError(f"{demand.why} First: hilum flows {act} {flow}, and its approval in the console.")
