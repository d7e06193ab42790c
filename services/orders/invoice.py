"""The invoice of a delivered order: as data, and as a page that prints on A4.

Invariants: every number comes from the order's row and the ledger's charge; nothing is priced again. Everything that
somebody typed is escaped, and the page's policy lets nothing run or load.
"""

import hashlib
from base64 import b64encode
from datetime import datetime
from html import escape
from uuid import UUID

import msgspec

from proto.orders import Item
from services.orders.domain import Order

CURRENCY = "USD"
"""Of the catalogue's prices."""


class Line(msgspec.Struct, frozen=True):
    product_id: UUID
    name: str
    unit: str
    quantity: int
    price_cents: int
    total_cents: int


class Invoice(msgspec.Struct, frozen=True, kw_only=True):
    """`number` is made of the order's, so that one tells the other. `delivered_at` is when the order was charged."""

    number: str
    order_id: UUID
    order_number: int
    restaurant_id: UUID
    restaurant_name: str
    address: str
    ordered_at: datetime
    delivered_at: datetime
    currency: str
    lines: tuple[Line, ...]
    total_cents: int
    note: str | None


def invoice_of(order: Order, charged_at: datetime) -> Invoice:
    items = msgspec.json.decode(order.items, type=tuple[Item, ...])
    return Invoice(
        number=f"INV-{order.number}",
        order_id=order.id,
        order_number=order.number,
        restaurant_id=order.restaurant_id,
        restaurant_name=order.restaurant_name,
        address=order.address,
        ordered_at=order.created_at,
        delivered_at=charged_at,
        currency=CURRENCY,
        lines=tuple(
            Line(
                item.product_id, item.name, item.unit, item.quantity, item.price_cents, item.quantity * item.price_cents
            )
            for item in items
        ),
        total_cents=order.total_cents,
        note=order.note,
    )


_STYLE = """
@page { size: A4; margin: 20mm }
* { box-sizing: border-box }
body { color: #111; background: #fff; font: 11pt/1.5 system-ui, sans-serif; max-width: 170mm; margin: 2rem auto;
  padding: 0 1rem }
h1 { font-size: 18pt; margin: 0 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.5rem; margin: 1.5rem 0 }
dt { color: #555 }
dd { margin: 0; overflow-wrap: anywhere }
table { width: 100%; border-collapse: collapse }
th, td { padding: .35rem .5rem; text-align: left; vertical-align: top; border-bottom: 1px solid #ccc }
th { border-bottom: 2px solid #111 }
thead { display: table-header-group }
tr { break-inside: avoid }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
td:first-child { overflow-wrap: anywhere }
.unit { white-space: nowrap }
tfoot td { border-bottom: 0; font-weight: 600; font-size: 13pt }
@media print { body { margin: 0; padding: 0; max-width: none } }
@media screen and (max-width: 32rem) {
  body { margin: 1rem auto; padding: 0 .6rem; font-size: 10pt }
  th, td { padding: .35rem .15rem }
  td:first-child { min-width: 5.2rem }
  tfoot td { font-size: 11pt }
}
@media screen and (prefers-color-scheme: dark) {
  :root { color-scheme: dark }
  body { color: #eee; background: #16181a }
  dt { color: #b0b4b8 }
  th, td { border-color: #43474b }
  th { border-color: #eee }
}
"""
_STYLE_HASH = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "private, no-store",
}
"""What the page is sent with: it may be read and printed, and nothing else."""


def page(invoice: Invoice) -> str:
    """HTML, whole."""
    facts = [
        ("Invoice", invoice.number),
        ("Order", str(invoice.order_number)),
        ("For", invoice.restaurant_name),
        ("Delivered to", invoice.address),
        ("Ordered", f"{invoice.ordered_at:%d %B %Y}"),
        ("Delivered", f"{invoice.delivered_at:%d %B %Y}"),
        *([("Note", invoice.note)] if invoice.note else []),
    ]
    described = "\n".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in facts)
    rows = "\n".join(
        f'<tr><td>{escape(line.name)}</td><td class="unit">{escape(line.unit)}</td>'
        f'<td class="number">{line.quantity}</td><td class="number">{_money(line.price_cents)}</td>'
        f'<td class="number">{_money(line.total_cents)}</td></tr>'
        for line in invoice.lines
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Invoice {escape(invoice.number)}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>Larder</h1>
<dl>
{described}
</dl>
<table>
<thead><tr><th scope="col">Product</th><th scope="col">Unit</th><th scope="col" class="number">Quantity</th>
<th scope="col" class="number">Price</th><th scope="col" class="number">Total</th></tr></thead>
<tbody>
{rows}
</tbody>
<tfoot><tr><td colspan="4">Total, {escape(invoice.currency)}</td>
<td class="number">{_money(invoice.total_cents)}</td></tr></tfoot>
</table>
</body>
</html>
"""


def _money(cents: int) -> str:
    """1,234.50"""
    return f"{cents // 100:,}.{cents % 100:02}"
