"""A bill of materials (CycloneDX), beside what cargo says is compiled in.

python3 packaging/sbom.py tidy FILE TARGET     removes what is not compiled in, and where this folder is
python3 packaging/sbom.py check FILE TARGET    whether it names everything that is compiled in, and nothing else
"""

import json
import subprocess
import sys
from pathlib import Path


def compiled(target):
    """Names and versions of what the binary and its build scripts are made of."""
    command = ["cargo", "tree", "--locked", "--package", "portcullis-cli", "--edges", "normal,build", "--target", target]
    tree = subprocess.run([*command, "--prefix", "none", "--format", "{p}"], check=True, capture_output=True, text=True)
    crates = [line.split()[:2] for line in tree.stdout.splitlines() if line]
    return {(name, version.removeprefix("v")) for name, version in crates}


def identity(component):
    return component["name"], component["version"]


def tidy(file, target):
    """cargo-cyclonedx also names crates that belong to features which nobody switched on."""
    bill = json.loads(file.read_text(encoding="utf-8").replace(f"{Path.cwd().as_uri()}/", "file:///"))
    wanted = compiled(target)
    bill["components"] = [component for component in bill["components"] if identity(component) in wanted]
    known = {component["bom-ref"] for component in [bill["metadata"]["component"], *bill["components"]]}
    bill["dependencies"] = [
        {**entry, "dependsOn": [other for other in entry.get("dependsOn", []) if other in known]}
        for entry in bill["dependencies"]
        if entry["ref"] in known
    ]
    file.write_text(json.dumps(bill, indent=1) + "\n", encoding="utf-8")


def check(file, target):
    bill = json.loads(file.read_text(encoding="utf-8"))
    if bill["bomFormat"] != "CycloneDX":
        sys.exit(f"{file} is not CycloneDX")
    named = {identity(component) for component in [bill["metadata"]["component"], *bill["components"]]}
    wanted = compiled(target)
    for name, version in sorted(wanted - named):
        print(f"{name} {version} is compiled in, and not named")
    for name, version in sorted(named - wanted):
        print(f"{name} {version} is named, and not compiled in")
    sys.exit(named != wanted)


{"tidy": tidy, "check": check}[sys.argv[1]](Path(sys.argv[2]), sys.argv[3])
