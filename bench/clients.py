"""Clients that wait for each answer before they ask again."""

from __future__ import annotations

import http.client
import json
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any


class Client:
    """One keep-alive connection, signed in or not."""

    def __init__(self, port: int, headers: dict[str, str] | None = None) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.headers = headers or {}

    def get(self, path: str) -> float:
        """Seconds for one page, read whole."""
        began = time.perf_counter()
        self.connection.request("GET", path, headers=self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        took = time.perf_counter() - began
        if answer.status != 200:
            raise SystemExit(f"{path} answered {answer.status}: {body[:300]!r}")
        return took

    def post(self, path: str, payload: dict[str, Any]) -> None:
        headers = {**self.headers, "Content-Type": "application/json"}
        self.connection.request("POST", path, json.dumps(payload), headers)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status not in (200, 201, 202, 204):
            raise SystemExit(f"{path} answered {answer.status}: {body[:300]!r}")


def p50(clients: dict[str, tuple[Client, Sequence[str]]], rounds: int) -> dict[str, float]:
    """Median seconds for each named page; the pages take turns, so that a slow moment of the machine hits them all."""
    times: dict[str, list[float]] = {name: [] for name in clients}
    for client, paths in clients.values():
        for path in paths[:3]:
            client.get(path)
    for turn in range(rounds):
        for name, (client, paths) in clients.items():
            times[name].append(client.get(paths[turn % len(paths)]))
    return {name: statistics.median(found) for name, found in times.items()}


def p50_together(port: int, headers: dict[str, str], paths: Sequence[str], *, clients: int, rounds: int) -> float:
    """Median seconds for a page while `clients` ask at once."""

    def ask(_number: int) -> list[float]:
        client = Client(port, headers)
        return [client.get(paths[turn % len(paths)]) for turn in range(rounds)]

    with ThreadPoolExecutor(clients) as pool:
        return statistics.median(took for found in pool.map(ask, range(clients)) for took in found)


def rate(port: int, path: str, headers: dict[str, str], payloads: Sequence[dict[str, Any]], *, clients: int) -> float:
    """Accepted posts a second, from `clients` at once."""

    def send(number: int) -> None:
        client = Client(port, headers)
        for payload in payloads[number::clients]:
            client.post(path, payload)

    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(send, range(clients)))
    return len(payloads) / (time.perf_counter() - began)
