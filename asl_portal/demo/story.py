"""Where the story of the demonstration stands."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from asl_portal.demo.cast import Cast
from frameworks.models import FrameworkVersion


@dataclass
class Story:
    """Who acts, under which framework, and what time it is; time only goes forward."""

    cast: Cast
    version: FrameworkVersion
    at: datetime

    def wait(self, **spans: float) -> datetime:
        self.at += timedelta(**spans)
        return self.at

    def wait_until(self, at: datetime) -> None:
        self.at = max(self.at, at)
