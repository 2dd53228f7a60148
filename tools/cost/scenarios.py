"""A conversation and a connected user, and what each uses in four architectures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tools.cost.measurements import Measurements
from tools.cost.usage import Usage

# ---- Assumed, not measured ----------------------------------------------------------------------

# A function of 512 MB has 512/1769 of a vCPU; the machine of the measurement has a whole one.
FULL_VCPU_MB = 1769
# Of the invocations so many wait for a new environment, whose start is billed too.
COLD_SHARE = 0.01
# X-Ray's default: one in twenty, beyond the first of each second.
TRACED_SHARE = 0.05
ACCESS_LOG_BYTES = 600
WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem"})
READS = frozenset({"GetItem", "BatchGetItem", "Query"})
# An item of up to 1 KB in a table and in its index; consistent reads of up to 4 KB.
WRITE_UNITS, READ_UNITS = 2, 1
# Parts of an answer go out in batches, one in so many milliseconds.
SHORTEST_WINDOW_MS = 50
RENEWAL_MINUTES = 115
MONTH_HOURS = 730
# A quarter of a vCPU and half a GB each, in two zones; nobody measured how many it holds.
TASKS, TASK_VCPU, TASK_GB, CONNECTIONS_PER_TASK = 2, 0.25, 0.5, 5_000
BALANCER_CONNECTIONS = 3_000
BALANCER_ADDRESSES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One login and what follows: sockets opened, minutes, messages with a reply each, pings."""

    connects: int
    minutes: float
    messages: float
    pings: float
    poll_seconds: float


def conversation(*, minutes: float = 10, messages: float = 10, poll_seconds: float = 2) -> Talk:
    """Log in, connect, say something and get a reply so many times, leave."""
    return Talk(connects=1, minutes=minutes, messages=messages, pings=0, poll_seconds=poll_seconds)


def connected_day(
    *,
    hours: float = 8,
    messages_a_minute: float = 1,
    ping_minutes: float = 4.5,
    poll_seconds: float = 2,
) -> Talk:
    """A day of a user whose page stays open; its socket is renewed before two hours are over."""
    minutes = hours * 60
    return Talk(
        connects=int(-(-minutes // RENEWAL_MINUTES)),
        minutes=minutes,
        messages=minutes * messages_a_minute,
        pings=minutes / ping_minutes,
        poll_seconds=poll_seconds,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Streamed:
    """An answer of a streaming process: words that come one by one, and who listens."""

    words: int = 1_000
    seconds: int = 60
    listeners: int = 1

    @property
    def parts(self) -> float:
        """Words that come faster go out together."""
        return min(self.words, self.seconds * 1000 / SHORTEST_WINDOW_MS)


class Architectures:
    """Adds up what a talk uses, from measurements and the counted AWS calls."""

    def __init__(self, measured: Measurements, calls: Mapping[str, Sequence[str]]) -> None:
        self._measured = measured
        self._calls = calls

    def this(self, talk: Talk) -> Usage:
        """API Gateway, Lambda and DynamoDB, as deployed."""
        connect = self._run("authorizer", "handshake") + self._run("connect", "connect")
        socket = connect + self._run("disconnect", "disconnect, no channel")
        # The handshake is a request to CloudFront; two access logs: connect and disconnect.
        socket += _edge(1, 0) + Usage({"log_bytes": 2 * ACCESS_LOG_BYTES})
        message = self._run("message", "reply, one frame") + self._frames(2)
        ping = self._run("ping", "`$ping`, error") + self._frames(2)
        minutes = Usage({"connection_minutes": talk.minutes})
        talked = message * talk.messages + ping * talk.pings
        return self._arrival() + socket * talk.connects + talked + minutes

    def answer(self, streamed: Streamed) -> Usage:
        """A message that is accepted, and the answer that another function writes."""
        accepted = self._run("message", "message to a streaming process") + self._frames(2)
        memory = self._measured.invocations["message"].memory_mb
        writer = Usage(
            {
                "invocations": 1,
                # It waits most of the time, and is paid for all of it.
                "gb_seconds": streamed.seconds * memory / 1024,
                "log_bytes": self._measured.invocations["message"].log_bytes,
                "traces": TRACED_SHARE,
            }
        )
        beginning = (*self._calls["answer: its writer begins"], *self._calls["answer: its end"])
        looks = self._units(self._calls["answer: each second, for listeners and `$stop`"])
        renewals = self._units(self._calls["answer: every 10 seconds"])
        part = self._units(self._calls["answer: one part"]) + Usage(
            {
                "messages": streamed.listeners,
                "edge_bytes": streamed.listeners * self._measured.reply_bytes,
            }
        )
        waiting = looks * (2 * streamed.seconds) + renewals * (streamed.seconds / 10)
        return accepted + writer + self._units(beginning) + waiting + part * streamed.parts

    def polling(self, talk: Talk) -> Usage:
        """The HTTP API asked every few seconds, and a POST for each message."""
        polls = talk.minutes * 60 / talk.poll_seconds
        # Who asks is looked up, and whether there is news.
        poll = self._http("session", self._measured.poll_bytes) + Usage(
            {"read_units": 2 * READ_UNITS}
        )
        # A message is handled as over the socket; its reply waits in a table instead of a post.
        message = self._http("message", self._measured.reply_bytes) + Usage(
            {"read_units": READ_UNITS, "write_units": WRITE_UNITS}
        )
        return self._arrival() + poll * polls + message * talk.messages

    def appsync(self, talk: Talk) -> Usage:
        """AppSync Events: a message is published and handled, its reply published and delivered."""
        message = self._run("message", None) + Usage(
            {"appsync_operations": 3, "egress_bytes": self._measured.reply_bytes}
        )
        # Connect and subscribe; keep-alives are the service's.
        socket = self._run("authorizer", "handshake") + Usage({"appsync_operations": 2})
        minutes = Usage({"appsync_minutes": talk.minutes})
        return self._arrival() + socket * talk.connects + message * talk.messages + minutes

    def containers(self, talk: Talk, month: float) -> Usage:
        """Fargate behind a load balancer, always on; for `month` such talks a month."""
        concurrent = talk.minutes * month / (MONTH_HOURS * 60)
        tasks = max(TASKS, -(-concurrent // CONNECTIONS_PER_TASK))
        units = max(1.0, concurrent / BALANCER_CONNECTIONS)
        fixed = Usage(
            {
                "fargate_cpu_hours": tasks * TASK_VCPU * MONTH_HOURS,
                "fargate_gb_hours": tasks * TASK_GB * MONTH_HOURS,
                "balancer_hours": MONTH_HOURS,
                "balancer_unit_hours": units * MONTH_HOURS,
                "address_hours": (tasks + BALANCER_ADDRESSES) * MONTH_HOURS,
            }
        )
        # What it logs and keeps is the same; platform lines of Lambda are in it, so a bit too much.
        logs = self._logs("login") + self._logs("connect") * talk.connects
        logs += self._logs("message") * talk.messages
        kept = self._units(self._calls["login"]) + self._units(self._calls["handshake"])
        data = self._measured.page_bytes + self._measured.login_bytes
        sent = Usage({"egress_bytes": data + self._measured.reply_bytes * talk.messages})
        return fixed + (logs + kept + sent) * month

    def _arrival(self) -> Usage:
        """Open the page and log in."""
        measured = self._measured
        page = self._http("page", measured.page_bytes / measured.page_requests)
        login = self._http("login", measured.login_bytes) + self._units(self._calls["login"])
        return page * measured.page_requests + login

    def _http(self, action: str, size: float) -> Usage:
        request = Usage({"http_requests": 1, "log_bytes": ACCESS_LOG_BYTES})
        return request + self._run(action, None) + _edge(1, size)

    def _frames(self, count: int) -> Usage:
        # One access log for the message; the reply's bytes leave through CloudFront.
        size = self._measured.reply_bytes
        return Usage({"messages": count, "log_bytes": ACCESS_LOG_BYTES, "edge_bytes": size})

    def _run(self, action: str, row: str | None) -> Usage:
        measured = self._measured.invocations[action]
        slower = max(1.0, FULL_VCPU_MB / measured.memory_mb)
        milliseconds = (measured.duration_ms + COLD_SHARE * measured.init_ms) * slower
        invocation = Usage(
            {
                "invocations": 1,
                "gb_seconds": milliseconds / 1000 * measured.memory_mb / 1024,
                "log_bytes": measured.log_bytes,
                "traces": TRACED_SHARE,
            }
        )
        return invocation + self._units(self._calls[row] if row is not None else ())

    def _logs(self, action: str) -> Usage:
        return Usage({"log_bytes": self._measured.invocations[action].log_bytes})

    def _units(self, calls: Sequence[str]) -> Usage:
        writes = sum(call in WRITES for call in calls)
        reads = sum(call in READS for call in calls)
        sends = sum(call == "SendMessage" for call in calls)
        changes = sum(call == "ChangeMessageVisibility" for call in calls)
        amounts = {
            "write_units": writes * WRITE_UNITS,
            "read_units": reads * READ_UNITS,
            # A message is also received and deleted.
            "queue_requests": 3 * sends + changes,
        }
        return Usage({name: float(amount) for name, amount in amounts.items() if amount})


def _edge(requests: float, size: float) -> Usage:
    return Usage({"edge_requests": requests, "edge_functions": requests, "edge_bytes": size})
