"""Run the benchmarks: all of them, or those named on the command line (`python -m bench capture_speed`)."""

import pkgutil
import sys
from importlib import import_module

import bench


def main(names: list[str]) -> None:
    """Print the rows of each benchmark as they come."""
    for module in pkgutil.iter_modules(bench.__path__):
        if module.name.startswith("_") or (names and module.name not in names):
            continue
        measure = getattr(import_module(f"bench.{module.name}"), "measure", None)
        if measure is None:
            continue
        print(f"\n{module.name}")
        for row in measure():
            print(f"  {row.what:<58}{row.figure:>14}   {row.against}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
