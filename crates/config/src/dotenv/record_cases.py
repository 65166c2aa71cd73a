"""Records what python-dotenv makes of odd `.env` files.

    python3 -m venv venv && venv/bin/pip install python-dotenv==1.2.4
    venv/bin/python record_cases.py > cases.json

Each case is written to a file and read from it, because reading a file translates line ends.
"""

import json
import logging
import os
import tempfile
from importlib.metadata import version

from dotenv.main import DotEnv
from dotenv.parser import parse_stream

ENVIRONMENT = {"HOME_DIR": "/home/alice", "BOTH": "environment", "EMPTY": ""}

TEXTS = [
    "",
    "A=1",
    "A=1\nB=2\n",
    "A=1\r\nB=2\r\n",
    "A=1\rB=2\r",
    "\ufeffA=1",
    "A = 1",
    "A= 1 ",
    "  A=1",
    "\tA\t=\t1\t",
    "export A=1",
    "export\tA=1",
    "export  A = 1",
    "export",
    "exportA=1",
    "export=1",
    "A",
    "A\nB=2",
    "A=",
    "A=\nB=2",
    "A=''",
    'A=""',
    "A=a b c",
    "A=a # comment",
    "A=a#not a comment",
    "A=#not a comment",
    "A= # comment",
    "A= #",
    "A=a\t# comment",
    "A=a #b #c",
    "# A=1",
    "  # A=1\nB=2",
    "#",
    "A='a # b'",
    'A="a # b" # comment',
    "A='a'#comment",
    "A='a' b",
    "A='a' b\nB=2",
    "A='a\nB=2",
    'A="a\nB=2',
    'A="a\nb"\nB=2',
    "A='a\nb'\nB=2",
    'A="a\r\nb"\r\nB=2',
    'A="a\\nb\\tc"',
    "A='a\\nb'",
    'A="\\a\\b\\f\\r\\v\\x41\\u00e9"',
    "A='it\\'s'",
    'A="say \\"hi\\""',
    'A="back\\\\slash"',
    "A='back\\\\slash'",
    'A="ends in backslash\\\\"',
    "A='\\\"'",
    'A="\\\'"',
    "A=a\\nb",
    "A=\"a'b\"",
    "A='a\"b'",
    "A=a'b'c",
    "A=it's",
    "A=a\"b",
    "'A'=1",
    "'A B'=1",
    "''=1",
    "'A=1",
    '"A"=1',
    "=1",
    "=1\nB=2",
    "A B=1\nC=3",
    "A:1",
    "A: 1",
    "A.b-c=1",
    "1A=1",
    "É=é",
    "A=日本語 # x",
    "A=a\u00a0# nbsp",
    "A=a\u2028b",
    "A=a\u001c# separator",
    "A\u00a0=\u00a0b",
    "A=a=b=c",
    "A==",
    "A=1\nA=2",
    "A=1\nA",
    "A=${HOME_DIR}/x",
    "A=$HOME_DIR",
    "A='${HOME_DIR}'",
    'A="${HOME_DIR}"',
    "A=1\nB=${A}${A}",
    "B=${A}\nA=1",
    "A=${MISSING}",
    "A=${MISSING:-default}",
    "A=${MISSING:-}",
    "A=${MISSING:-a b # c}",
    "A=${MISSING:-a:-b}",
    "A=${MISSING:-${HOME_DIR}}",
    "A=${HOME_DIR:-default}",
    "A=${EMPTY:-default}",
    "A=${MISSING:default}",
    "A=${MISSING-default}",
    "A=${}",
    "A=${",
    "A=${HOME_DIR",
    "A=$${HOME_DIR}",
    "A=\\${HOME_DIR}",
    "A=${A${HOME_DIR}}",
    "A=${A:b${HOME_DIR}}",
    "BOTH=file\nA=${BOTH}",
    "A=1\nA=${A}2\nB=${A}",
    "A\nB=[${A:-default}]",
    "A=mongodb://u:p@ss#word@h/db",
    "A=postgres://h/db?x=1&y=2 # c",
    'A={"json": "yes"}',
    "A=`date`",
    "A=$(date)",
    "A=\"a\"\"b\"",
    "A='a''b'",
    "A=\x0bx",
    "A=a\x0c#c",
    "\n\n\nA=1\n\n\n",
    "A=1 \\\nB=2",
    "A=\\",
    'A="\\',
    "A\n=1",
    "A =\n B=2",
    "export export A=1",
    "export 'A'=1",
    "export #c\nB=2",
    "export\nB=2",
    "SECRET_KEY=_5#y2L\"F4Q8z\\n\\xec]/",
]


def record(text):
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="", suffix=".env", delete=False) as file:
        file.write(text)
    try:
        values = dict(DotEnv(file.name, encoding="utf-8", override=False).dict())
        with open(file.name, encoding="utf-8") as stream:
            unreadable = sum(binding.error for binding in parse_stream(stream))
    finally:
        os.unlink(file.name)
    return {"text": text, "values": values, "unreadable": unreadable}


if __name__ == "__main__":
    logging.disable()
    os.environ.clear()
    os.environ.update(ENVIRONMENT)
    recording = {
        "source": f"python-dotenv {version('python-dotenv')}",
        "environment": ENVIRONMENT,
        "cases": [record(text) for text in TEXTS],
    }
    print(json.dumps(recording, indent=1, sort_keys=True))
