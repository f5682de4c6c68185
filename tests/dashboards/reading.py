"""How tests read a page of figures: its numbers with what they open, the length of a list, a file."""

from __future__ import annotations

import csv
import html
import io
import re

NUMBER = re.compile(r'href="([^"]+)" data-count="(\d+)"[^>]*>(.*?)</a>', re.S)


def numbers(page):
    """Every number of a page with the address it opens."""
    return [
        (html.unescape(href), int(count), re.sub("<[^>]+>", "", words)) for href, count, words in NUMBER.findall(page)
    ]


def total(response):
    """How many rows a list says it has."""
    return int(re.search(r'data-total="(\d+)"', response.text)[1])


def rows_of(response):
    """The cells of a file."""
    return list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))


def opens_what_it_counts(client, address, count, words):
    """The list behind a number has as many rows as the number says, in its words and in its promise."""
    response = client.get(address)
    assert total(response) == count, address
    assert len(response.context["page"].rows) == min(count, 50), address
    if not re.search("[€$]", words):
        assert int(words.split()[0].replace(",", "")) == count, address
