"""A peer with one case for each way in which a case can go."""
import os
import sys

sys.path.append(os.path.join(os.path.dirname(__file__), "..", "peers"))
from protocol import serve  # noqa: E402


def throws():
    def step():
        raise ValueError("no luck")

    return step


def dies():
    print("first words\nlast words", file=sys.stderr, flush=True)
    os._exit(3)


def once(size):
    if size in seen:
        raise ValueError(f"{size} was prepared before")
    seen.add(size)
    return lambda: None


seen = set()
serve("fake", {"works": lambda: lambda: None, "throws": throws, "dies": dies, "once": once})
