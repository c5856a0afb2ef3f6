"""`python -m dragoman.demo`: the three sample APIs until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from importlib.resources import files

from dragoman.demo import Addresses, serve
from dragoman.demo.keys import Credentials, variables

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run until SIGINT or SIGTERM, with `--json` also until stdin closes; 1 if a port is in use."""
    options = _options(argv)
    try:
        asyncio.run(_run(options))
    except OSError as error:
        sys.stderr.write(f"✗ {_what_failed(error, options)}\n")
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m dragoman.demo", description=__doc__)
    for name, port in (("shop", 8001), ("helpdesk", 8002), ("carrier", 8003)):
        text = f"port of the {name}, by default {port}; 0 is any free one"
        parser.add_argument(f"--{name}-port", type=_port, default=port, metavar="PORT", help=text)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at")
    parser.add_argument(
        "--json",
        action="store_true",
        help="print the addresses as one line of JSON, and end when stdin closes",
    )
    return parser.parse_args(argv)


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) < 65_536:
        return int(text)
    raise argparse.ArgumentTypeError(f"'{text}' is no port: 0 to 65535")


async def _run(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    ports = (options.shop_port, options.helpdesk_port, options.carrier_port)
    async with serve(ports=ports, host=options.host) as addresses:
        sys.stdout.write(json.dumps(asdict(addresses)) + "\n" if options.json else _told(addresses))
        sys.stdout.flush()
        if options.json:
            _stop_with_stdin(loop, stop)
        await stop.wait()


def _stop_with_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Stop when whoever started us has gone, so that nothing is left behind."""

    def wait() -> None:
        with suppress(OSError):  # a stdin that cannot be read has closed too
            while os.read(0, 4096):
                pass
        loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=wait, daemon=True).start()


def _told(addresses: Addresses) -> str:
    credentials = Credentials.of()
    exported = {**addresses.variables(), **variables()}
    exports = "\n".join(f"  export {name}={value}" for name, value in exported.items())
    file = files("dragoman.demo") / "dragoman.yaml"
    return f"""\
shop      {addresses.shop}/openapi.json   key {credentials.shop_key}
helpdesk  {addresses.helpdesk}/openapi.yaml   client {credentials.helpdesk_client}
carrier   {addresses.carrier}   (no description)   key {credentials.carrier_key}

These credentials are published and guard sample data only. For another shell:
{exports}

Try next:
  cp -n {file} .
  dragoman ask "Where is order 1042?"
Ctrl-C ends the three.
"""


def _what_failed(error: OSError, options: argparse.Namespace) -> str:
    ports = f"{options.shop_port}, {options.helpdesk_port}, {options.carrier_port}"
    hint = "Choose others: --shop-port, --helpdesk-port, --carrier-port (0 is any free one)."
    return f"cannot listen at {options.host} on ports {ports}: {error.strerror or error}. {hint}"


if __name__ == "__main__":
    sys.exit(main())
