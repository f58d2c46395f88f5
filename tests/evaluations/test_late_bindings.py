"""Results that came before anybody said what they measure."""

from tests.evaluations.conftest import make_world, reasons_of
from tests.evaluations.logs import log
from tests.makers import make_binding


def test_a_binding_confirmed_after_receipt_can_raise_and_never_rules_out(db: None) -> None:
    world = make_world(bound=False)
    world.send(log(right=2, run="benign"))
    assert "blocking-run" in reasons_of(world)
    make_binding(world.cast, "bio-protocols", "bio_protocols", at=world.now())
    world.work()
    assert world.outcomes["bio-3"] != "ruled_out" and "binding-confirmed-after-receipt" in reasons_of(world)
    world.send(log(right=38, run="grave"))
    assert world.outcomes["bio-3"] == "cannot_rule_out"


def test_a_late_binding_raises_what_came_before_it(db: None) -> None:
    world = make_world(bound=False)
    world.send(log(right=38))
    make_binding(world.cast, "bio-protocols", "bio_protocols", at=world.now())
    world.work()
    assert world.outcomes["bio-3"] in {"cannot_rule_out", "ruled_in"}
