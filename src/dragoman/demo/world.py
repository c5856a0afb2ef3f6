"""The one small world that the three APIs see different sides of: people, goods, orders, parcels.

Everything follows by arithmetic from the number of an order and from today's date: the same day
gives the same world. Order 1042 is Maria Keller's; its parcel should have come nine days ago.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

__all__ = [
    "EXPRESS_CENTS",
    "ORDERS",
    "PEOPLE",
    "PRODUCTS",
    "STANDARD_CENTS",
    "Order",
    "Person",
    "Product",
    "orders",
]


@dataclass(frozen=True, slots=True)
class Person:
    """A customer of the shop, who may also write to the helpdesk."""

    number: int
    name: str
    email: str
    city: str
    postcode: str


@dataclass(frozen=True, slots=True)
class Product:
    """Something for sale; its price is in cents."""

    sku: str
    name: str
    category: str
    cents: int
    on_hand: int
    about: str


@dataclass(frozen=True, slots=True)
class Order:
    """An order with (product, quantity) lines; parcel and dates are None where there are none."""

    number: int
    person: Person
    status: str
    lines: tuple[tuple[Product, int], ...]
    shipping_cents: int
    placed: date
    shipped: date | None = None
    due: date | None = None
    delivered: date | None = None
    parcel: str | None = None


def _person(number: int, name: str, city: str, postcode: str) -> Person:
    email = name.lower().replace(" ", ".") + "@example.com"
    return Person(number, name, email, city, postcode)


PEOPLE = (
    _person(101, "Maria Keller", "Freiburg", "79098"),
    _person(102, "Jonas Weber", "Leipzig", "04109"),
    _person(103, "Aisha Rahman", "Hamburg", "20095"),
    _person(104, "Lukas Brandt", "Kassel", "34117"),
    _person(105, "Elena Petrova", "Dresden", "01067"),
    _person(106, "Tom Fischer", "Bremen", "28195"),
    _person(107, "Clara Jung", "Mainz", "55116"),
    _person(108, "Noah Schulz", "Erfurt", "99084"),
    _person(109, "Ines Moreau", "Trier", "54290"),
    _person(110, "Felix Winter", "Ulm", "89073"),
    _person(111, "Sofia Lang", "Potsdam", "14467"),
    _person(112, "David Okoye", "Bonn", "53111"),
)

PRODUCTS = (
    Product("LAMP-01", "Aurora desk lamp", "lighting", 4990, 34, "Dimmable, warm white, 40 cm."),
    Product("LAMP-02", "Harbour floor lamp", "lighting", 12900, 7, "Oak and linen, 150 cm."),
    Product("LAMP-03", "Firefly string lights", "lighting", 1990, 120, "Ten metres, for outdoors."),
    Product("LAMP-04", "Comet reading light", "lighting", 2490, 0, "Clips onto a book or shelf."),
    Product("LAMP-05", "Lantern Sund", "lighting", 3490, 18, "For candles, glass and steel."),
    Product("MUG-01", "Stoneware mug", "kitchen", 1290, 210, "Holds 0.3 litres, dishwasher safe."),
    Product("MUG-02", "Enamel mug", "kitchen", 990, 95, "Holds 0.4 litres, for the campfire."),
    Product("PAN-01", "Cast iron pan", "kitchen", 5490, 22, "28 cm, seasoned, lasts for life."),
    Product("PAN-02", "Copper saucepan", "kitchen", 8990, 5, "16 cm, lined with steel."),
    Product("KNIFE-01", "Chef's knife", "kitchen", 6990, 31, "20 cm blade, walnut handle."),
    Product("BOARD-01", "Oak cutting board", "kitchen", 3990, 44, "40 × 25 cm, oiled."),
    Product("KETTLE-01", "Whistling kettle", "kitchen", 4490, 0, "1.5 litres, for every hob."),
    Product("DESK-01", "Standing desk", "office", 39900, 9, "Electric, 140 × 70 cm."),
    Product("CHAIR-01", "Task chair Fjell", "office", 24900, 12, "Adjustable, with a mesh back."),
    Product("PEN-01", "Brass fountain pen", "office", 3290, 60, "Medium nib, takes cartridges."),
    Product("NOTE-01", "Dotted notebook", "office", 1490, 180, "A5, 192 numbered pages."),
    Product("TRAY-01", "Letter tray", "office", 1990, 38, "Birch plywood, stackable."),
    Product("POT-01", "Terracotta pot", "garden", 890, 140, "18 cm, with a saucer."),
    Product("POT-02", "Glazed planter", "garden", 4290, 16, "35 cm, frost proof."),
    Product("CAN-01", "Watering can", "garden", 2790, 27, "5 litres, galvanised."),
    Product("SPADE-01", "Ash handle spade", "garden", 3990, 19, "Forged steel."),
    Product("TOWEL-01", "Linen towel", "textiles", 1890, 88, "50 × 100 cm, stone washed."),
    Product("QUILT-01", "Wool quilt", "textiles", 14900, 6, "140 × 200 cm, for the winter."),
    Product("APRON-01", "Canvas apron", "textiles", 2990, 41, "Two pockets, crossed straps."),
    Product("RUG-01", "Cotton rug", "textiles", 7990, 11, "120 × 180 cm, washable."),
)

ORDERS = range(1010, 1050)
_LATE = (1042, 1045)
"""Orders whose parcels have not come although they should have."""

_TRANSIT_DAYS = 7
STANDARD_CENTS, EXPRESS_CENTS = 490, 990


def orders(today: date) -> tuple[Order, ...]:
    """Return the orders as they stand today, the oldest first."""
    return tuple(_order(number, today) for number in ORDERS)


def _order(number: int, today: date) -> Order:
    placed = today - timedelta(days=2 * (ORDERS.stop - number))
    person = PEOPLE[(5 * number + 10) % len(PEOPLE)]
    shipping = EXPRESS_CENTS if number % 5 == 0 else STANDARD_CENTS
    lines = _lines(number)
    status = _status(number, placed, today)
    if status in {"pending_payment", "paid", "cancelled"}:
        return Order(number, person, status, lines, shipping, placed)
    due = placed + timedelta(days=_TRANSIT_DAYS)
    delivered = due if status == "delivered" else None
    shipped, parcel = placed + timedelta(days=2), f"PX-{100_000 + number - 1000}"
    return Order(number, person, status, lines, shipping, placed, shipped, due, delivered, parcel)


def _status(number: int, placed: date, today: date) -> str:
    age = (today - placed).days
    if age <= 2:
        return "pending_payment"
    if age <= 4:
        return "paid"
    if number % 9 == 0:
        return "cancelled"
    return "delivered" if age > _TRANSIT_DAYS + 1 and number not in _LATE else "shipped"


def _lines(number: int) -> tuple[tuple[Product, int], ...]:
    places = dict.fromkeys(
        (number * 7 + step * 11) % len(PRODUCTS) for step in range(1 + number % 3)
    )
    return tuple((PRODUCTS[place], 1 + (number + place) % 3) for place in places)
