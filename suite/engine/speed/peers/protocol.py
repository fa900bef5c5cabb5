"""How a peer talks to the benchmark: one JSON object per line, in and out.

In:  {"case": "mlp", "sizes": {...}, "steps": 20, "warmup": 3}
Out: {"milliseconds": [...]}, {"absent": true} where the peer has no such case, or {"error": "..."}
where it failed; the next case is tried all the same. A case is prepared and warmed up when it is asked for
first, and again only after two others.
"""
import json
import sys
import time


class Absent(Exception):
    """Raised where the peer has the case, but not with these sizes."""


def serve(name, cases):
    """Answers requests until the input ends. `cases` makes the step of a case from its sizes."""
    answer({"name": name})
    prepared = {}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer(timed(request, cases, prepared))
        except Absent:
            answer({"absent": True})
        except Exception as error:
            prepared.clear()
            answer({"error": f"{type(error).__name__}: {error}"})


def timed(request, cases, prepared):
    key = json.dumps([request["case"], request["sizes"]], sort_keys=True)
    if request["case"] not in cases:
        return {"absent": True}
    if key not in prepared:
        # Two may take turns: one that is prepared anew for each turn is timed cold.
        while len(prepared) > 1:
            del prepared[next(iter(prepared))]
        step = cases[request["case"]](**request["sizes"])
        for _ in range(request["warmup"]):
            step()
        prepared[key] = step
    step = prepared[key]
    milliseconds = []
    for _ in range(request["steps"]):
        start = time.perf_counter()
        step()
        milliseconds.append(1e3 * (time.perf_counter() - start))
    return {"milliseconds": milliseconds}


def answer(values):
    print(json.dumps(values), flush=True)
