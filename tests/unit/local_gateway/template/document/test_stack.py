"""The names and ids that a stack gives."""

from local_gateway.template.document.stack import Stack


def test_partitions_follow_the_region() -> None:
    china = Stack(region="cn-north-1")
    assert (china.partition, china.url_suffix) == ("aws-cn", "amazonaws.com.cn")
    assert Stack(region="us-gov-west-1").partition == "aws-us-gov"


def test_names_stay_and_differ_by_stack() -> None:
    shop, other = Stack(name="shop"), Stack(name="other")
    assert shop.physical_id("Api") == Stack(name="shop").physical_id("Api")
    assert shop.physical_id("Api") != other.physical_id("Api")
    assert len(shop.physical_id("Api")) == 10
    assert shop.physical_name("Table") == "shop-Table"
    assert shop.api_host("abc") == "abc.execute-api.us-east-1.amazonaws.com"


def test_a_nested_stack_is_named_after_its_parent() -> None:
    nested = Stack(name="shop", region="eu-west-1").nested("Data")
    assert nested.name.startswith("shop-Data-")
    assert nested.region == "eu-west-1"
    assert nested.physical_name("Data/Table") == f"{nested.name}-Table"
    assert nested.nested("Data").name != nested.name


def test_a_long_name_is_cut_and_stays_unique() -> None:
    stack = Stack(name="s" * 60)
    first, second = stack.physical_name("TableOne"), stack.physical_name("TableTwo")
    assert (len(first), len(second)) == (64, 64)
    assert first != second
