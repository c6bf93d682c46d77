"""The timers of `gateway.model`, by the name that this core knew them by."""

from gateway.model.timers import Action, Timer, TimerQueue

__all__ = ["Action", "Timer", "TimerQueue"]
