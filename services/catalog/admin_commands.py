"""What admins do with the catalogue as a file.

Invariants: an import is one transaction, so a broken connection leaves all of it or nothing, and sending the file again
makes it whole and changes nothing twice. With `all`, one wrong line and nothing is imported; with `good`, wrong lines
are left out and told. A file is read in a thread of its own: others are served meanwhile. An export is one moment of
the catalogue, and never in memory as a whole.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Literal

import msgspec

from services.catalog import admin_store, csv_file, importer
from services.catalog.commands import Catalog, origin_of
from services.catalog.csv_file import FileError, LineError, Table
from services.catalog.events import WAKE
from services.catalog.importer import ImportRunningError, Outcome
from shared.database import LASTING_SNAPSHOT, transaction
from shared.http.caller import Caller
from shared.http.problems import FieldError, Problem, busy, invalid_field
from shared.spreadsheet import Separator

Mode = Literal["all", "good"]
Result = Literal["created", "updated", "unchanged", "refused"]

MOST_ERRORS = 100
"""Told in a report; the report as a file has all."""

_ERRORS_IN_A_PROBLEM = 20
_ROWS_AT_ONCE = 1_000
_STOCK_STAYS = "stays as it is: what is on hand is counted here"
_NOTHING = Outcome(created=frozenset(), updated=frozenset(), stock_differs=frozenset())


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a file's lines, or with `applied` false what would. `lines` is the sum of the four after it;
    `stock_kept` counts lines whose stock differs from what is on hand, which stays. A line may have several errors."""

    mode: Mode
    dry_run: bool
    applied: bool
    lines: int
    created: int
    updated: int
    unchanged: int
    refused: int
    stock_kept: int
    errors: list[LineError]
    errors_left_out: int


class Imported(msgspec.Struct, frozen=True):
    """A report, and all that it was made of."""

    report: Report
    table: Table
    outcome: Outcome


async def import_file(catalog: Catalog, caller: Caller, body: bytes, mode: Mode, *, dry_run: bool) -> Imported:
    """Raises Problem: 400 for a file that cannot be read, and for one with wrong lines when it is all or nothing (code
    `lines`, with the report); 503 while another import runs."""
    try:
        table = await asyncio.to_thread(csv_file.read, body)
    except FileError as error:
        raise invalid_field("body", f"the file {error}") from error
    if table.errors and mode == "all" and not dry_run:
        raise _refused(_report(table, _NOTHING, mode, dry_run=False, applied=False))
    try:
        outcome = await importer.import_placed(
            catalog.pool, table.products, catalog.now(), origin_of(caller), dry=dry_run
        )
    except ImportRunningError as error:
        raise busy("Another import is running. Send the file again when it is done.") from error
    if not dry_run:
        await catalog.bus.nudge(WAKE)
    return Imported(_report(table, outcome, mode, dry_run=dry_run, applied=not dry_run), table, outcome)


def report_file(imported: Imported) -> bytes:
    """A row a line and, for what is refused, a row a reason; in the file's order."""
    table, outcome = imported.table, imported.outcome
    told: list[tuple[int, str | None, Result, str | None, str | None]] = [
        (error.line, error.sku, "refused", error.column, error.reason) for error in table.errors
    ]
    for line, product in table.products:
        result = _result(line, outcome)
        stays = line in outcome.stock_differs
        told.append((line, product.sku, result, *(("stock", _STOCK_STAYS) if stays else (None, None))))
    return csv_file.report(sorted(told, key=lambda row: row[0]))


async def export_file(catalog: Catalog, separator: Separator) -> AsyncIterator[bytes]:
    """Every product, active or not."""
    async with transaction(catalog.pool, LASTING_SNAPSHOT) as connection:
        yield csv_file.head(separator)
        async for products in admin_store.every_product(connection, _ROWS_AT_ONCE):
            yield csv_file.rows(products, separator)


def _report(table: Table, outcome: Outcome, mode: Mode, *, dry_run: bool, applied: bool) -> Report:
    created, updated, good = len(outcome.created), len(outcome.updated), len(table.products)
    return Report(
        mode=mode,
        dry_run=dry_run,
        applied=applied,
        lines=table.lines,
        created=created,
        updated=updated,
        unchanged=good - created - updated,
        refused=table.lines - good,
        stock_kept=len(outcome.stock_differs),
        errors=table.errors[:MOST_ERRORS],
        errors_left_out=max(0, len(table.errors) - MOST_ERRORS),
    )


def _refused(report: Report) -> Problem:
    errors = [
        FieldError(f"lines[{error.line}]{f'.{error.column}' if error.column else ''}", error.reason)
        for error in report.errors[:_ERRORS_IN_A_PROBLEM]
    ]
    detail = f"{report.refused:,} of {report.lines:,} lines are wrong: nothing was imported."
    return Problem(400, detail, code="lines", errors=errors, present={"report": msgspec.to_builtins(report)})


def _result(line: int, outcome: Outcome) -> Result:
    if line in outcome.created:
        return "created"
    return "updated" if line in outcome.updated else "unchanged"
