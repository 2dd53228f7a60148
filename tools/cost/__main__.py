"""`make cost`: dollars for a million conversations, 1,000 connected users, and 1,000 answers."""

import argparse

from tools.cost.measure import measure
from tools.cost.measurements import Measurements, calls, read
from tools.cost.prices import table
from tools.cost.scenarios import Architectures, Streamed, Talk, connected_day, conversation
from tools.cost.usage import Usage

MILLION, USERS, ANSWERS = 1_000_000, 1_000, 1_000


def report(measured: Measurements, options: argparse.Namespace) -> str:
    """All tables, in Markdown."""
    talk = conversation(
        minutes=options.minutes, messages=options.messages, poll_seconds=options.poll_seconds
    )
    day = connected_day(
        hours=options.hours,
        messages_a_minute=options.messages_a_minute,
        ping_minutes=options.ping_minutes,
        poll_seconds=options.poll_seconds,
    )
    return "\n\n".join(
        [
            _table(f"{MILLION:,} conversations, $", measured, talk, MILLION),
            _table(f"{USERS:,} connected users, $ a month", measured, day, USERS * options.days),
            _answers(measured, Streamed(words=options.words, seconds=options.seconds)),
        ]
    )


def _answers(measured: Measurements, streamed: Streamed) -> str:
    title = f"{ANSWERS:,} answers of {streamed.words:,} words over {streamed.seconds} s, $"
    usage = Architectures(measured, calls()).answer(streamed) * ANSWERS
    lines = [f"| {title} | this |", "|---|--:|"]
    lines += [f"| {service} | {dollars:,.2f} |" for service, dollars in usage.dollars().items()]
    return "\n".join([*lines, f"| **together** | **{usage.total():,.2f}** |"])


def _table(title: str, measured: Measurements, talk: Talk, month: float) -> str:
    architectures = Architectures(measured, calls())
    columns: dict[str, Usage] = {
        "this": architectures.this(talk) * month,
        "polling": architectures.polling(talk) * month,
        "AppSync Events": architectures.appsync(talk) * month,
        "Fargate": architectures.containers(talk, month),
    }
    bills = {name: usage.dollars() for name, usage in columns.items()}
    services = dict.fromkeys(service for bill in bills.values() for service in bill)
    lines = [f"| {title} | {' | '.join(bills)} |", f"|---|{'--:|' * len(bills)}"]
    for service in services:
        cells = [f"{bill[service]:,.2f}" if service in bill else "" for bill in bills.values()]
        lines.append(f"| {service} | {' | '.join(cells)} |")
    totals = [f"**{usage.total():,.2f}**" for usage in columns.values()]
    return "\n".join([*lines, f"| **together** | {' | '.join(totals)} |"])


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="make cost", description=__doc__)
    add = made.add_argument
    add("--recorded", action="store_true", help="with the measurements of tools/cost/measured.json")
    add("--record", action="store_true", help="write the measurements there")
    add("--prices", action="store_true", help="print the prices, and nothing else")
    add("--minutes", type=_positive, default=10, help="of a conversation; default: 10")
    add("--messages", type=_positive, default=10, help="of a conversation; default: 10")
    add("--hours", type=_positive, default=8, help="of a connected user's day; default: 8")
    add("--days", type=_positive, default=22, help="of a connected user's month; default: 22")
    add("--messages-a-minute", type=_positive, default=1, help="of a connected user; default: 1")
    add("--ping-minutes", type=_positive, default=4.5, help="between two pings; default: 4.5")
    add("--words", type=int, default=1_000, help="of an answer; default: 1,000")
    add("--seconds", type=int, default=60, help="that an answer takes; default: 60")
    add("--poll-seconds", type=_positive, default=2, help="between two polls; default: 2")
    return made


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if 0 < number < float("inf"):
        return number
    raise argparse.ArgumentTypeError(f"expected a number above 0, not {text!r}")


def main() -> None:
    """Measure, or read what was recorded, and print."""
    options = parser().parse_args()
    if options.prices:
        print(table())
        return
    measured = read() if options.recorded else measure()
    if options.record:
        measured.write()
    print(report(measured, options))


if __name__ == "__main__":
    main()
