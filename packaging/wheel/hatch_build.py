"""Says what the wheel runs on: the machine it was built on, and the C library that its binary asks for."""

import platform
import re
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PlatformTag(BuildHookInterface):
    def initialize(self, version, build_data):
        root = Path(self.root)
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform_tag((root / 'portcullis').read_bytes())}"
        build_data["sbom_files"] = [path.name for path in root.glob("*.cdx.json")]


def platform_tag(binary):
    """PEP 600: the newest version of glibc that a symbol is wanted of."""
    wanted = [int(minor) for minor in re.findall(rb"GLIBC_2\.(\d+)", binary)]
    return f"manylinux_2_{max(wanted)}_{platform.machine()}"
