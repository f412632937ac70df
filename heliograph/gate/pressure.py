"""How long requests wait, as a level of what is left out (core/load.py). Pure: waits and the time in, a level out.

What counts is the *shortest* wait since the last look: a burst makes some wait, but only where more is asked than can
be done everybody waits. Up goes one level at each look, so that each gets a chance to be enough. Down goes one
after a calm time, which doubles when it has to go up again soon: a level that was enough is not given up every few
seconds. So it recovers by itself, within a minute from the top.

Source: the shortest wait of an interval is how CoDel (Nichols and Jacobson, 2012) tells a standing queue from a burst.
"""

from __future__ import annotations

from heliograph.core.load import Level

LOOK_SECONDS = 0.5
#: Seconds of waiting from which each level holds.
FROM = {Level.SHORT: 0.05, Level.PLAIN: 0.15, Level.KEPT: 0.4, Level.PUT_OFF: 1.0}
_CALM = 0.25  # of what brought a level: below it, it is no longer needed
_CALM_SECONDS, _CALM_MOST = 3.0, 12.0
_SOON_SECONDS = 20.0  # after a step down: going up again means that it was too early


class Pressure:
    """The level of one process."""

    def __init__(self) -> None:
        self.level = Level.ALL
        self._calm_since: float | None = None
        self._calm_seconds = _CALM_SECONDS
        self._went_down_at = float("-inf")

    def look(self, wait: float, now: float) -> Level:
        """What to leave out from now on; `wait`: the shortest since the last look, in seconds."""
        if self.level < Level.PUT_OFF and wait >= FROM[Level(self.level + 1)]:
            self._up(now)
        elif self.level > Level.ALL and wait < _CALM * FROM[self.level]:
            self._calm(now)
        else:
            self._calm_since = None
        return self.level

    def _up(self, now: float) -> None:
        too_early = now - self._went_down_at < _SOON_SECONDS
        self._calm_seconds = min(_CALM_MOST, 2 * self._calm_seconds) if too_early else _CALM_SECONDS
        self._calm_since = None
        self.level = Level(self.level + 1)

    def _calm(self, now: float) -> None:
        if self._calm_since is None:
            self._calm_since = now
        elif now - self._calm_since >= self._calm_seconds:
            self._calm_since = self._went_down_at = now
            self.level = Level(self.level - 1)
