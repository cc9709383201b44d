"""Draws figures of docs/benchmarks.md as bars, from the table that benchmarks/figures has written there.

A bar is as long as the median; the thin line over it reaches from the lowest to the highest round.
"""

import html
import re

MARK = "<!-- The site draws some of them as bars here. -->"
MORE_IS_BETTER = ("M/s", "share")

# One or more questions of each family, those where threadwise loses among them, and what is measured.
QUESTIONS = {
    "lock-uncontended": "A lock that is free is taken and given back",
    "lock-contended-0": "Two threads take a lock again and again",
    "thread-start-join": "An empty thread is started and joined",
    "queue-bounded-1-1": "A queue with a bound, one thread puts and one gets",
    "queue-bulk-2-2": "A queue without one, 32 items at a time, two threads put and two get",
    "barrier-2": "Two threads meet",
    "fib-2": "A task is forked and joined, two workers",
    "latency-idle": "From submit to start, on a pool that slept",
    "for-ramp": "A loop of 1,000 steps of growing length",
    "sort-random": "10 million random numbers are sorted",
    "reduce": "100 million doubles are added up",
    "gil-reply-p50-1": "A reply beside one thread that computes in Python's manner",
}

ROW = re.compile(r"^\| `([\w-]+)`, (\S+) \| (.*?) \| (.*?) \| .* \|$", re.MULTILINE)
FIGURE = re.compile(r"(.*?)\s*([\d.,]+) \(([\d.,]+)–([\d.,]+)\)")


def number(text):
    return float(text.replace(",", ""))


def subjects_of(cell, own):
    """Of each subject in a cell of the table: its name, the median as it is written, and median, lowest and highest."""
    for line in cell.split("<br>"):
        name, median, lowest, highest = FIGURE.fullmatch(line).groups()
        yield own, " ".join(filter(None, ("threadwise" if own else "", name))), median, *map(number, (median, lowest, highest))


def panel(title, question, unit, rows):
    longest = max(median for *_, median, _, _ in rows)
    unit = unit.replace("us", "µs").replace("M/s", "million a second")
    better = "more" if unit.startswith(("million", "share")) else "less"
    lines = [
        '<figure class="bars">',
        f"<figcaption>{html.escape(title)}: {unit}, {better} is better (<code>{question}</code>)</figcaption>",
    ]
    for own, name, text, median, lowest, highest in rows:
        left, right, length = (min(100 * value / longest, 100) for value in (lowest, highest, median))
        lines.append(
            f'<div class="row{" own" if own else ""}"><span>{html.escape(name)}</span><div class="track">'
            f'<div class="bar" style="width:{length:.2f}%"></div>'
            f'<div class="range" style="left:{left:.2f}%;width:{right - left:.2f}%"></div></div><span>{text}</span></div>'
        )
    return [*lines, "</figure>"]


def drawn(page):
    """The page, with bars where the mark is."""
    table = {question: cells for question, *cells in ROW.findall(page)}
    lines = ["```{raw} html", "<p>A bar is the median; the line over it reaches from the lowest round to the highest.</p>"]
    for question, title in QUESTIONS.items():
        unit, ours, peers = table[question]
        rows = [*subjects_of(ours, True), *subjects_of(peers, False)]
        rows.sort(key=lambda row: row[3], reverse=unit in MORE_IS_BETTER)
        lines += panel(title, question, unit, rows)
    if MARK not in page:
        raise ValueError(f"docs/benchmarks.md lacks the line {MARK}")
    return page.replace(MARK, "\n".join([*lines, "```"]))
