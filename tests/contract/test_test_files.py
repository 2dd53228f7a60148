"""Each module has a test file of its name, or an exemption that says which file tests it."""

from tools.scripts.test_mirror import ROOT, missing_tests, stale_exemptions


def test_every_module_has_its_test_file() -> None:
    assert [str(module) for module in missing_tests(ROOT)] == []


def test_no_exemption_is_left_over() -> None:
    assert stale_exemptions(ROOT) == []
