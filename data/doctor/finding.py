"""What the doctor says of one thing."""

from dataclasses import dataclass
from typing import Literal

OTHERS = 0o077  # what the group and everybody may do with a file

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: `warn` can stay, `fail` must be mended."""

    level: Level
    about: str
    words: str
    mend: str = ""

    def lines(self) -> list[str]:
        """Return it as lines for a terminal."""
        return [f"{self.level:<5} {self.about:<13} {self.words}", *([f"{'':<19} → {self.mend}"] if self.mend else [])]
