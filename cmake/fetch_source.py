"""Fetches a pinned source package from a Python package index and unpacks the folders that the editor is built from.

Usage: fetch_source.py REQUIREMENT_FILE DESTINATION FOLDER... Needs nothing but Python's own library: pip can't
fetch a source package without running what is in it. Heeds PIP_INDEX_URL, pip's own configuration and HTTPS_PROXY.
"""
import hashlib
import html
import io
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import urllib.parse
import urllib.request

MOST_BYTES = 200 << 20


def pinned(file: pathlib.Path) -> tuple[str, str, str]:
    match = re.search(r"^([\w-]+)==([\w.]+) --hash=sha256:([0-9a-f]{64})$", file.read_text(), re.MULTILINE)
    if not match:
        sys.exit(f"{file} pins no package")
    return match.group(1), match.group(2), match.group(3)


def index() -> str:
    asked = os.environ.get("PIP_INDEX_URL")
    if not asked:
        try:
            pip = subprocess.run([sys.executable, "-m", "pip", "config", "get", "global.index-url"],
                                 capture_output=True, text=True, timeout=60)
            asked = pip.stdout.strip()
        except (OSError, subprocess.SubprocessError):
            asked = ""
    return (asked or "https://pypi.org/simple").rstrip("/")


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=180) as answer:
        data = answer.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        sys.exit("The answer is larger than any file expected here.")
    return data


def main(requirement: pathlib.Path, destination: pathlib.Path, folders: list[str]) -> None:
    name, version, digest = pinned(requirement)
    page = f"{index()}/{name}/"
    file = f"{name.replace('-', '_')}-{version}.tar.gz"
    link = re.search(r'href="([^"]*/' + re.escape(file) + r'[^"]*)"', fetch(page).decode())
    if not link:
        sys.exit(f"The package index has no {file}.")
    data = fetch(urllib.parse.urljoin(page, html.unescape(link.group(1))))
    if hashlib.sha256(data).hexdigest() != digest:
        sys.exit(f"{file} is not the pinned one (its SHA-256 differs): do not use it.")
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            inside = member.name.partition("/")[2]
            for folder in folders:
                if member.isfile() and inside.startswith(folder + "/"):
                    target = destination / pathlib.PurePosixPath(folder).name / inside[len(folder) + 1:]
                    if ".." in target.parts:
                        sys.exit(f"{member.name} leads out of the package.")
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(archive.extractfile(member).read())


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:])
