"""Whose turn it is in a queue: smooth weighted round robin, kept in the database and advanced under a lock."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from handoff.models import Queue

#: Over so many consecutive leads nobody is more than one lead away from their share.
WINDOW = 20


@dataclass
class Turns:
    """The state of one round: what each is owed, and who got the last ones while the same people took part."""

    credits: dict[int, int] = field(default_factory=dict)
    among: dict[int, int] = field(default_factory=dict)
    lately: list[int] = field(default_factory=list)

    def take(self, weights: dict[int, int]) -> int:
        """Give the next lead to one of these (key -> weight) and remember it.

        Everybody is credited with their weight, whoever is owed most gets the lead and pays for it with the sum of the
        weights: nginx's smooth weighted round robin, which is fair in the long run. With uneven weights it may leave
        somebody more than one lead from their share of twenty; so whoever would fall behind by more goes first, and
        whoever is ahead by as much waits. When others take part than before, the twenty begin anew: somebody who comes
        back from a holiday is not owed what they missed.
        """
        if weights != self.among:
            self.among, self.lately = dict(weights), []
        total, given = sum(weights.values()), Counter(self.lately)
        for key, weight in weights.items():
            self.credits[key] = self.credits.get(key, 0) + weight

        def claim(key: int) -> tuple[bool, bool, int, int]:
            owed = WINDOW * weights[key] - given[key] * total  # leads of the window, times the total
            behind = len(self.lately) == WINDOW - 1 and owed > total
            return behind, owed >= 0, self.credits[key], -key

        chosen = max(weights, key=claim)
        self.credits[chosen] -= total
        self.lately = [*self.lately, chosen][-(WINDOW - 1) :]
        return chosen


def of(queue: Queue) -> Turns:
    """The state of a queue's round."""
    return Turns(
        {int(key): credit for key, credit in queue.credits.items()},
        {int(key): weight for key, weight in queue.among.items()},
        list(queue.lately),
    )


def hold() -> None:
    """Let nobody else give out a turn until this transaction ends.

    One lock for all queues, not one each: a sweep that offers many leads would take several in the order in which they
    come, and two sweeps could wait for each other. It is taken after the leads' locks and before anything is counted,
    so that what the last one gave counts for the next.
    """
    Queue.objects.select_for_update(no_key=True).order_by("pk").get(everybody=True)


def keep(queue: Queue, turns: Turns) -> None:
    """Write a round's state down; its caller holds the lock."""
    queue.credits = {str(key): credit for key, credit in turns.credits.items()}
    queue.among = {str(key): weight for key, weight in turns.among.items()}
    queue.lately = turns.lately
    queue.save(update_fields=["credits", "among", "lately"])
