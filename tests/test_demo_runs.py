"""`dragoman demo` as a newcomer runs it: no key, no configuration, and an end that tells."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path


def test_the_demo_plays_its_scene_and_its_receipt_adds_up(tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if name != "OPENAI_API_KEY"}
    played = subprocess.run(
        [sys.executable, "-m", "dragoman", "demo"],
        cwd=tmp_path,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    told = played.stdout
    assert played.returncode == 0, told
    assert "tk-301  My parcel is late" in told
    assert re.search(r"location +Kassel depot", told)
    assert "shop.refundOrder wants a yes" in told
    assert re.search(r"\$ dragoman approvals approve ap_\w+\n✓ shop.refundOrder approved by", told)
    assert "I don't know. shop.getOrder: 404 from shop" in told
    assert "said no to shop.deleteCustomer" in told
    assert "it waited, a person refused it, and the shop counts 0 refunds for it" in told
    assert "1 approved, 2 refused by a person" in told
    assert "0 secrets found in the records, of 5 searched for" in told
    assert "Traceback" not in told
    assert list(tmp_path.iterdir()) == []
