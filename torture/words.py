"""Words to put where they do not belong: those of descriptions, and those that nobody expects."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

__all__ = ["KEYS", "NUMBERS", "TEXTS"]

_WORDS = r"""
a 0 null true . .. ../admin %2e%2e ..%2fx ..;/ \..\ / // ? # ; & = a&b=c a[b] [ ] + % %zz %00 , |
é 🚚 #/ #/paths #/components/schemas/A #/definitions/A #/~2 file:///etc/passwd other.yaml#/A
http://169.254.169.254/ https://[ http://[::1 //host http://a:99999/ https://{h}.example {a} { }
/{a}/{a} /{a}{b} ^(a+)+$ (?<=a \p{X} application/json multipart/form-data */* image/* object array
string integer number file boolean path query header cookie body formData form deepObject
pipeDelimited simple label matrix csv multi binary byte date-time Authorization Host Content-Length
Cookie 3.0.3 3.1.0 2.0 1.1.0 ${X} ${env:X ${file:/etc/passwd} ** tag: 1e400 0x1F
"""

_CHARACTERS = ("\x00", "\r\n", "\n", "\t", "\x1b[2J", "\u202e", "\u2028", "\ufeff", "\ud800")
_PHRASES = (
    "",
    " ",
    "a\r\nX-Evil: 1",
    "a\udfffb",
    "a/b; c=d",
    "text/plain; charset=nope",
    "GET /**",
)

TEXTS = (*_WORDS.split(), *_CHARACTERS, *_PHRASES, "x" * 300)
"""Values of no great length."""

_KEYS = """
$ref $defs $id $anchor $schema $dynamicRef type properties required items prefixItems allOf oneOf
anyOf not enum const default format pattern minimum maximum exclusiveMinimum multipleOf minLength
maxItems nullable readOnly writeOnly discriminator additionalProperties example
unevaluatedProperties patternProperties propertyNames dependentSchemas if then name in schema
content style explode allowReserved collectionFormat parameters requestBody responses security
servers variables encoding operationId tags get post put trace query x-a consumes produces
__proto__ a a/b a~b é swagger openapi components paths
"""

KEYS = (*_KEYS.split(), "", "\x00")
"""Names of members."""

_INTEGERS = (0, 1, -1, 2, 100, 255, 65_536, 2**31, 2**53 + 1, 2**63, 2**64, -(2**63) - 1, 10**400)
_FLOATS = (0.0, -0.0, 0.1, 1e-320, 1.7976931348623157e308, *map(float, ("inf", "-inf", "nan")))
_DECIMALS = map(Decimal, ("1.10", "1e999", "-1e-999", "1e999999999", "NaN"))

NUMBERS: tuple[Any, ...] = (*_INTEGERS, *_FLOATS, *_DECIMALS)
"""Some of which JSON does not have."""
