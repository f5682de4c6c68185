"""One line of the report."""

from __future__ import annotations

from typing import Any, NamedTuple


class Figure(NamedTuple):
    """One line of the report. `ratio` is `value / yardstick`; `most` says on which side of `target` is good."""

    name: str
    value: float
    yardstick: float
    target: float
    most: bool = True

    @property
    def ratio(self) -> float:
        return self.value / self.yardstick

    @property
    def ok(self) -> bool:
        return self.ratio <= self.target if self.most else self.ratio >= self.target

    def line(self) -> str:
        bound = f"at {'most' if self.most else 'least'} {self.target:g}"
        verdict = "ok" if self.ok else "MISSED"
        return f"{self.name:48} {self.value:10.4g} {self.yardstick:10.4g} {self.ratio:7.2f} {bound:>14}  {verdict}"

    def data(self) -> dict[str, Any]:
        said = {"name": self.name, "value": self.value, "yardstick": self.yardstick}
        return {**said, "ratio": round(self.ratio, 3), "target": self.target, "ok": self.ok}
