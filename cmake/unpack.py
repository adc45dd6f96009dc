"""Unpacks from wheels what a C++ build needs: Torch's libraries and headers, the CUDA libraries, the licences.

Usage: unpack.py WHEELS DESTINATION. Needs nothing but Python's own library.
"""
import pathlib
import sys
import zipfile

KEPT = ("torch/lib/", "torch/include/", "torch/share/", "nvidia/")


def kept(name: str) -> bool:
    return name.startswith(KEPT) or ".dist-info/licenses/" in name


def main(wheels: pathlib.Path, destination: pathlib.Path) -> None:
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(destination, [name for name in archive.namelist() if kept(name)])
        wheel.unlink()  # Half a gigabyte that nothing reads again.


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
