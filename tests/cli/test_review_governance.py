"""What the commands of governance say must work when it is typed."""

from __future__ import annotations

from pathlib import Path

from command_line import Run


def test_what_the_refusal_says_ends_a_pause_also_once_the_file_has_another_name(
    run: Run, place: Path
) -> None:
    assert run("pause", "shop.getOrder").code == 0
    file = place / "dragoman.yaml"
    text = file.read_text()
    file.write_text(
        text.replace("  shop:\n", "  shop:\n    operations: {getOrder: {rename: showOrder}}\n", 1)
    )
    refused = run("call", "shop.showOrder", "order_id=1042")
    assert refused.code == 5
    assert "dragoman unpause shop.getOrder" in refused.err
    assert run("unpause", "shop.getOrder").code == 0
    assert run("call", "shop.showOrder", "order_id=1042").code == 0


def test_where_a_name_is_two_things_the_paused_one_goes_on(run: Run, place: Path) -> None:
    file = place / "dragoman.yaml"
    file.write_text(f"{file.read_text()}\ncallers:\n  shop: {{scopes: [shop]}}\n")
    assert "Write which" in run("pause", "shop").err
    assert run("pause", "api:shop").code == 0
    assert run("unpause", "shop").code == 0


def test_the_policy_judges_the_call_that_would_be_made(run: Run, place: Path) -> None:
    file = place / "dragoman.yaml"
    rule = (
        "  shop:\n    operations:\n      refundOrder:\n        fill: {reason: damaged}\n"
        "        require_approval: {when: \"args.reason == 'late'\"}\n"
        "      getOrder:\n        fill: {order_id: caller.user}\n"
    )
    file.write_text(file.read_text().replace("  shop:\n", rule, 1))
    typed = ("policy", "owner", "shop.refundOrder", "order_id=1042", "amount=5")
    assert run(*typed, "--json").json["verdict"] == "allow"
    assert run(*typed, "reason=late", "--json").json["verdict"] == "allow"
    nobody = run("policy", "owner", "shop.getOrder", "order_id=1042", "--json").json
    assert nobody["verdict"] == "deny"
    assert "needs an end user" in nobody["why"]


def test_the_policy_says_how_everything_goes_on(run: Run) -> None:
    run("pause", "--all")
    assert "dragoman unpause --all" in run("policy").err
