"""Where the generators leave what they recorded, in the form of the project's own vectors.

Each is called with a seed, a number of cases and the folder to write to.
"""

import json
import random
import sys
from pathlib import Path

SEED, COUNT, FOLDER = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
random.seed(SEED)


def vectors(file):
    """The project's own vectors."""
    return json.loads((Path(__file__).parents[2] / "vectors" / file).read_text())


def record(file, case, **more):
    """Writes so many different cases, and says how many of them the library takes."""
    cases, seen = [], set()
    while len(cases) < COUNT:
        made = case()
        key = json.dumps(made)
        if key not in seen:
            seen.add(key)
            cases.append({"id": f"seed-{SEED}-{len(cases)}", **made})
    (FOLDER / file).write_text(json.dumps({"cases": cases, **more}))
