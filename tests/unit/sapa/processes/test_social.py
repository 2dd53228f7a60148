"""The social network."""

import pytest

from sapa.errors import ChannelNameError, RefusedError
from sapa.processes.social import MAX_FOLLOWED, SocialAction, social
from tests.unit.sapa.fakes import Client, FakeServices


def posted(connection: Client, text: str) -> int:
    """The number of a new post."""
    return int(social(connection.context, SocialAction.POST, text=text)["sequence"])


def test_followers_hear_of_posts_and_others_do_not(services: FakeServices) -> None:
    ana, ben, cem = (services.connect(name) for name in ("ana", "ben", "cem"))
    answer = social(ben.context, SocialAction.FOLLOW, "ana")
    assert answer == {"following": ["ana"]}
    posted(ana, "Hai!")
    assert ben.payloads("posts:ana") == [{"from": "ana", "text": "Hai!"}]
    assert cem.inbox == []


def test_feed_is_what_all_of_them_did_by_time(services: FakeServices) -> None:
    ana, ben, cem = (services.connect(name) for name in ("ana", "ben", "cem"))
    for name in ("ana", "cem"):
        social(ben.context, SocialAction.FOLLOW, name)
    for connection, text in ((ana, "one"), (cem, "two"), (ben, "three"), (ana, "four")):
        services.now += 1
        posted(connection, text)
    answer = social(ben.context, SocialAction.FEED)
    assert answer["following"] == ["ana", "cem"]
    posts = [(each["$channel"], each["text"]) for each in answer["feed"]]
    assert posts == [
        ("posts:ana", "one"),
        ("posts:cem", "two"),
        ("posts:ben", "three"),
        ("posts:ana", "four"),
    ]


def test_feed_restores_what_a_new_connection_hears(services: FakeServices) -> None:
    ana, ben = services.connect("ana"), services.connect("ben")
    social(ben.context, SocialAction.FOLLOW, "ana")
    ben.close()
    back = services.connect("ben")
    assert posted(ana, "missed") == 1
    assert back.inbox == []
    assert [each["text"] for each in social(back.context, SocialAction.FEED)["feed"]] == ["missed"]
    posted(ana, "heard")
    assert [each["text"] for each in back.payloads("posts:ana")] == ["heard"]


@pytest.mark.parametrize("name", ["ana@example.com", "démo", "a/b", "田中", "a+b@x.org", "a:b"])
def test_every_user_posts_and_is_followed(services: FakeServices, name: str) -> None:
    ana, ben = services.connect(name), services.connect("ben")
    social(ana.context, SocialAction.FEED)
    social(ben.context, SocialAction.FOLLOW, name)
    number = posted(ana, "Hai!")
    answer = social(ben.context, SocialAction.REACT, name, "👍", number)
    assert ana.payloads(answer["channel"]) == ben.payloads(answer["channel"])
    assert len(ben.payloads(answer["channel"])) == 2
    feed = social(ben.context, SocialAction.FEED)
    assert feed["following"] == [name]
    assert [each["$channel"] for each in feed["feed"]] == [answer["channel"]] * 2
    assert social(ben.context, SocialAction.UNFOLLOW, name) == {"following": []}


def test_unfollowing_ends_it_for_good(services: FakeServices) -> None:
    ana, ben = services.connect("ana"), services.connect("ben")
    social(ben.context, SocialAction.FOLLOW, "ana")
    assert social(ben.context, SocialAction.UNFOLLOW, "ana") == {"following": []}
    assert social(ben.context, SocialAction.UNFOLLOW, "ana") == {"following": []}
    posted(ana, "Hai!")
    assert social(ben.context, SocialAction.FEED) == {"following": [], "feed": []}
    assert ben.inbox == []


def test_reactions_go_to_the_post_they_are_about(services: FakeServices) -> None:
    ana, ben = services.connect("ana"), services.connect("ben")
    social(ana.context, SocialAction.FEED)
    number = posted(ana, "Hai!")
    answer = social(ben.context, SocialAction.REACT, "ana", "👍", number)
    assert answer == {"channel": "posts:ana", "sequence": number + 1}
    assert ana.payloads("posts:ana")[-1] == {"from": "ben", "reaction": "👍", "post": number}


@pytest.mark.parametrize("post", [0, 2, 3, 9])
def test_reaction_to_what_is_no_post_is_refused(services: FakeServices, post: int) -> None:
    ana, ben = services.connect("ana"), services.connect("ben")
    social(ben.context, SocialAction.REACT, "ana", "👍", posted(ana, "Hai!"))
    with pytest.raises(RefusedError, match="no such post"):
        social(ben.context, SocialAction.REACT, "ana", "👍", post)


def test_what_cannot_be_followed_or_said_is_refused(services: FakeServices) -> None:
    ana = services.connect("ana")
    for user in ("", "ana"):
        with pytest.raises(RefusedError):
            social(ana.context, SocialAction.FOLLOW, user)
    with pytest.raises(ChannelNameError):
        social(ana.context, SocialAction.FOLLOW, "no one")
    with pytest.raises(RefusedError, match="nothing to say"):
        social(ana.context, SocialAction.POST, text=" ")
    assert social(ana.context, SocialAction.FEED)["following"] == []


def test_one_follows_so_many_and_no_more(services: FakeServices) -> None:
    ana = services.connect("ana")
    for number in range(MAX_FOLLOWED):
        social(ana.context, SocialAction.FOLLOW, f"user{number}")
    social(ana.context, SocialAction.FOLLOW, "user0")
    with pytest.raises(RefusedError, match="up to 40"):
        social(ana.context, SocialAction.FOLLOW, "ben")
    assert "posts:ben" not in ana.channels
    social(ana.context, SocialAction.UNFOLLOW, "nobody")
    social(ana.context, SocialAction.UNFOLLOW, "user1")
    assert len(social(ana.context, SocialAction.FOLLOW, "ben")["following"]) == MAX_FOLLOWED
