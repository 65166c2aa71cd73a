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


def record(file, case, is_taken, **more):
    """Writes so many different cases. If the library takes nearly all, or none, they would tell nothing."""
    cases, seen = [], set()
    while len(cases) < COUNT:
        made = case()
        key = json.dumps(made)
        if key not in seen:
            seen.add(key)
            cases.append({"id": f"seed-{SEED}-{len(cases)}", **made})
    taken = sum(1 for case in cases if is_taken(case))
    if not 0.05 < taken / COUNT < 0.95:
        sys.exit(f"{file}: of {COUNT} cases {taken} are taken")
    (FOLDER / file).write_text(json.dumps({"cases": cases, **more}))
