"""What the benchmark says: a table for the terminal, JSON for machines, Markdown for docs/performance.md."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
from rich import box
from rich.console import Console
from rich.table import Table

from deploy.local.layout import REPOSITORY
from loadtests.bench.measure import Outcome
from loadtests.bench.noise import Noise
from loadtests.bench.rows import Row

FOLDER = REPOSITORY / "build"


class Measured(NamedTuple):
    row: Row
    outcome: Outcome


def show(measured: Sequence[Measured], noise: Noise, console: Console) -> None:
    table = Table(box=box.SIMPLE, pad_edge=False, title=None if not noise.reasons else "NOISY: for no other eyes")
    table.add_column("row", no_wrap=True)
    for heading in ("Larder", "against it", "result", "reach"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row, outcome in measured:
        style = {True: "green", False: "red", None: None}[row.reach.met(outcome.value)]
        table.add_row(row.name, *_numbers(row, outcome), style=style)
    console.print(table)
    console.print(
        f"Noise: loop {noise.spin_spread:.2f} ×, stolen {noise.steal:.1%}, other processes {noise.foreign:.1%}."
    )


def write(measured: Sequence[Measured], noise: Noise) -> list[Path]:
    """build/bench.json and build/bench.md."""
    FOLDER.mkdir(exist_ok=True)
    paths = [FOLDER / "bench.json", FOLDER / "bench.md"]
    paths[0].write_bytes(msgspec.json.format(msgspec.json.encode(_document(measured, noise)), indent=2) + b"\n")
    paths[1].write_text(markdown(measured))
    return paths


def markdown(measured: Sequence[Measured]) -> str:
    lines = ["| row | work | against | Larder | against it | result | reach |", "|---|---|---|--:|--:|--:|--:|"]
    for row, outcome in measured:
        lines.append("| " + " | ".join([f"`{row.name}`", row.work, row.against, *_numbers(row, outcome)]) + " |")
    return "\n".join(lines) + "\n"


def _numbers(row: Row, outcome: Outcome) -> list[str]:
    return [*outcome.cells(), row.reach.told(outcome.value), str(row.reach)]


def _document(measured: Sequence[Measured], noise: Noise) -> dict[str, object]:
    return {
        "machine": {
            "processors": os.cpu_count(),
            "architecture": platform.machine(),
            "python": platform.python_version(),
        },
        "noise": {**noise._asdict(), "too_noisy_because": noise.reasons},
        "rows": [
            {
                "name": row.name,
                "work": row.work,
                "against": row.against,
                "reach": row.reach.bound,
                "unit": row.reach.unit,
                "at_most": row.reach.at_most,
                "value": round(outcome.value, 4),
                "reached": row.reach.met(outcome.value),
                **outcome.document(),
            }
            for row, outcome in measured
        ],
    }
