"""All cases of the suite, in the order of the page."""

from __future__ import annotations

import body_cases
import parameter_cases
import peer_cases
import security_cases
import vendor_cases
from wire_case import Section

SECTIONS: list[Section] = [
    *peer_cases.SECTIONS,
    *parameter_cases.SECTIONS,
    *body_cases.SECTIONS,
    *security_cases.SECTIONS,
    *vendor_cases.SECTIONS,
]
