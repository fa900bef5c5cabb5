"""How a peer talks to the benchmark: one JSON object per line, in and out.

In:  {"case": "mlp", "sizes": {...}, "steps": 20, "warmup": 3}
Out: {"milliseconds": [...]}, or {"error": "..."} where the peer has no such case.
"""
import json
import sys
import time


def serve(name, cases):
    print(json.dumps({"name": name}), flush=True)
    prepared = {}
    for line in sys.stdin:
        request = json.loads(line)
        key = json.dumps([request["case"], request["sizes"]], sort_keys=True)
        if request["case"] not in cases:
            print(json.dumps({"error": f"no case {request['case']}"}), flush=True)
            continue
        if key not in prepared:
            prepared.clear()
            step = prepared[key] = cases[request["case"]](**request["sizes"])
            for _ in range(request["warmup"]):
                step()
        step = prepared[key]
        milliseconds = []
        for _ in range(request["steps"]):
            start = time.perf_counter()
            step()
            milliseconds.append(1e3 * (time.perf_counter() - start))
        print(json.dumps({"milliseconds": milliseconds}), flush=True)
