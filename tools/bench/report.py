"""What was measured, as text for the terminal, JSON, a Markdown page and a chart."""

import json
import shutil
import subprocess
import time
from dataclasses import asdict, dataclass, field
from statistics import median

NOISE = 0.05  # a core that others had for longer than this share makes a note
COLOURS = {"proxy": "#2f81f7", "haproxy": "#d29922", "nginx": "#3fb950"}
OTHER_COLOURS = ("#a371f7", "#f778ba", "#8b949e")
GROUP_TITLES = {"relay": "The relay", "gateway": "The HTTP gateway"}


@dataclass
class RowResult:
    """Every measurement of one row; rounds[peer][i] is {key: number}, or {"error": why}."""

    name: str
    title: str
    group: str
    figures: tuple
    bars: tuple
    rounds: dict

    @classmethod
    def of(cls, row, peers):
        return cls(row.name, row.title, row.group, row.figures, row.bars, {peer: [] for peer in peers})

    @property
    def cost(self):
        return self.figures[0]

    def values(self, peer, key):
        return [each[key] for each in self.rounds.get(peer, []) if key in each]

    def ratios(self, peer, key):
        """The proxy's figure over the peer's, round by round."""
        pairs = zip(self.rounds.get("proxy", []), self.rounds.get(peer, []))
        return [ours[key] / theirs[key] for ours, theirs in pairs if key in ours and theirs.get(key)]

    def judged(self):
        """Per bar: what was measured (None where it could not be) and whether it passes."""
        for bar in self.bars:
            values = self.ratios(bar.peer, bar.figure) if bar.peer else self.values("proxy", bar.figure)
            if bar.peer is None or bar.peer in self.rounds:
                yield bar, median(values) if values else None

    def noise(self):
        shares = [share for peer in self.rounds for share in self.values(peer, "others")]
        return median(shares) if shares else 0.0

    def figure(self, key):
        return next(each for each in self.figures if each.key == key)


@dataclass
class Results:
    command: str
    machine: dict
    versions: dict
    date: str = field(default_factory=lambda: time.strftime("%Y-%m-%d", time.gmtime()))
    rows: list = field(default_factory=list)

    def add(self, row):
        self.rows.append(row)

    def groups(self):
        """The title of each group that was measured, and its rows."""
        for group, title in GROUP_TITLES.items():
            if found := [row for row in self.rows if row.group == group]:
                yield title, found

    def json(self):
        return json.dumps(rounded(asdict(self)), indent=1) + "\n"

    def markdown(self):
        peers = list(self.versions)
        lines = [
            "# Measured",
            "",
            f"Made on {self.date} by `{self.command}`; do not edit.",
            "",
            "- machine: {cpu}, {cores} cores, Linux {kernel}, {system}".format(**self.machine),
            "- versions: " + ", ".join(f"{peer} {version}" for peer, version in self.versions.items()),
            "- the proxy under test runs with one worker on one core, load and origin share another; over loopback",
            "- a cell is the median over the rounds, with the least and the most; CPU is user and system time of "
            "all the program's processes",
            "- CPU of the machine is of all cores, so with the load and the origin",
            "- HAProxy relays with `option splice-auto`, nginx with a buffer of 64 KiB",
            "- as gateways all keep connections to the origin for reuse; HAProxy with `option splice-auto` and "
            "`http-reuse always`, nginx with its default buffers for answers, and passing uploads on as they come",
            "- the slow clients have the segments of an Ethernet; memory of the kernel (sockets, pipes) is not in Rss",
            "",
            "![Cost of each row beside its peers](results.svg)",
            "",
        ]
        for title, rows in self.groups():
            lines += [f"## {title}", "", *figures_markdown(rows, peers), ""]
        lines += [*self._bars_markdown(), *self._notes()]
        return "\n".join(lines).rstrip() + "\n"

    def _bars_markdown(self):
        if "proxy" not in self.versions:
            return []
        lines = [
            "## The bars",
            "",
            "A ratio is the median of the ratios taken within each round.",
            "",
            table_line("row", "figure", "measured", "at most", ""),
            table_line("---", "---", "---:", "---:", "---"),
        ]
        for row in self.rows:
            for bar, measured in row.judged():
                lines.append(table_line(row.name, bar_title(row, bar), *verdict(bar, measured)))
        return [*lines, ""]

    def _notes(self):
        lines = [f"- {row.name}: {noise_text(row)}" for row in self.rows if row.noise() > NOISE]
        for row in self.rows:
            for peer, rounds in row.rounds.items():
                failed = [each["error"] for each in rounds if "error" in each]
                if failed:
                    lines.append(f"- {row.name}: {peer} failed in {len(failed)} of {len(rounds)} rounds: {failed[0]}")
        return ["## Notes", "", *lines] if lines else []


def figures_markdown(rows, peers):
    lines = [table_line("", "", *peers), table_line("---", "---", *["---:"] * len(peers))]
    for row in rows:
        for figure in row.figures:
            title = f"**{row.name}**: {row.title}" if figure is row.cost else ""
            cells = [spread(row.values(peer, figure.key), figure.digits) for peer in peers]
            lines.append(table_line(title, f"{figure.title}, {figure.unit}", *cells))
    return lines


def table_line(*cells):
    return f'| {" | ".join(cells)} |'


def rounded(value):
    """The same structure with every float to 6 significant digits."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(each) for each in value]
    return value


def spread(values, digits):
    if not values:
        return "-"
    middle, least, most = (f"{value:,.{digits}f}" for value in (median(values), min(values), max(values)))
    return f"{middle} ({least} to {most})"


def bar_title(row, bar):
    figure = row.figure(bar.figure)
    return f"{figure.title} / {bar.peer}" if bar.peer else f"{figure.title}, {figure.unit}"


def verdict(bar, measured):
    """Measured, bar, and the word for it."""
    if measured is None:
        return "-", f"{bar.at_most:.2f}", "not measured"
    return f"{measured:.2f}", f"{bar.at_most:.2f}", "pass" if measured <= bar.at_most else "FAIL"


def noise_text(row):
    return f"others had the proxy's core for {row.noise():.0%} of the time: measure again on an idle machine"


def round_text(row, number, rounds):
    """One line for a finished round: every peer's cost."""
    cost = row.cost
    cells = []
    for peer, results in row.rounds.items():
        value = results[number].get(cost.key)
        cells.append(f'{peer} {"-" if value is None else f"{value:.{cost.digits}f}"}')
    return f'  round {number + 1}/{rounds}  {"  ".join(cells)}  ({cost.title}, {cost.unit})'


def row_text(row):
    """A finished row for the terminal: its figures, then the ratios and bars."""
    peers = list(row.rounds)
    table = [["", *peers]]
    for figure in row.figures:
        cells = [spread(row.values(peer, figure.key), figure.digits) for peer in peers]
        table.append([f"{figure.title}, {figure.unit}", *cells])
    widths = [max(map(len, column)) for column in zip(*table)]
    lines = ["  " + "  ".join(cell.rjust(width) for cell, width in zip(line, widths)) for line in table]
    for peer in peers:
        ratios = [(figure.title, row.ratios(peer, figure.key)) for figure in row.figures if peer != "proxy"]
        if said := [f"{title} {spread(values, 2)}" for title, values in ratios if values]:
            lines.append(f"  proxy / {peer}: " + ", ".join(said))
    for bar, measured in row.judged() if "proxy" in peers else ():
        value, limit, word = verdict(bar, measured)
        lines.append(f"  {word}: {bar_title(row, bar)} {value}, at most {limit}")
    if row.noise() > NOISE:
        lines.append("  note: " + noise_text(row))
    return "\n".join(lines)


def draw(results, path):
    """Draws each row's cost beside its peers' with gnuplot; returns whether there is a chart."""
    peers = list(results.versions)
    groups = {}
    for title, rows in results.groups():
        if drawable := [row for row in rows if any(row.values(peer, row.cost.key) for peer in peers)]:
            groups[title] = drawable
    if not groups or not shutil.which("gnuplot"):
        return False
    drawn = subprocess.run(["gnuplot"], input=chart(groups, peers), text=True, capture_output=True, timeout=60)
    if drawn.returncode != 0:
        print("bench: gnuplot:", drawn.stderr.strip())
        return False
    path.write_text(themed(drawn.stdout))
    return True


def chart(groups, peers):
    """The gnuplot program: a panel for each group, one below the other, their rows equally wide."""
    most = max(map(len, groups.values()))
    panels = [panel(f"p{number}", title, rows, peers, most) for number, (title, rows) in enumerate(groups.items())]
    return "\n".join([
        f'set terminal svg size {max(480, 180 * most)},{40 + 320 * len(groups)} noenhanced font "sans-serif,13" '
        'background "#ffffff"',
        "set style fill solid 1.0 noborder",
        f"set boxwidth {bar_width(peers) * 0.92:.4f}",
        "set border 1 lc rgb '#808080'",
        "set tics scale 0",
        "set tmargin 3",
        "set bmargin 4",
        "set key at graph 1,1.14 right horizontal",
        "set yrange [0:1.15]",
        "unset ytics",
        f'set multiplot layout {len(groups)},1 title "Cost, in each row beside the costliest; less is better"',
        *panels,
        "unset multiplot",
    ]) + "\n"


def bar_width(peers):
    return 0.8 / len(peers)


def panel(name, title, rows, peers, most):
    """Clustered bars, in each row beside the costliest, labelled with the cost itself."""
    width = bar_width(peers)
    others = iter(OTHER_COLOURS * len(peers))
    blocks, labels, plots = [], [], []
    for index, peer in enumerate(peers):
        points = []
        for place, row in enumerate(rows):
            costs = {each: median(values) for each in peers if (values := row.values(each, row.cost.key))}
            if peer in costs:
                x = place + (index - (len(peers) - 1) / 2) * width
                height = costs[peer] / max(costs.values())
                points.append(f"{x:.4f} {height:.4f}")
                labels.append(f'set label "{short(costs[peer])}" at {x:.4f},{height:.4f} center offset 0,0.6')
        blocks.append("\n".join([f"${name}_{index} << EOD", *(points or ["NaN NaN"]), "EOD"]))
        colour = COLOURS.get(peer) or next(others)
        plots.append(f'${name}_{index} using 1:2 with boxes lc rgb "{colour}" title "{peer}"')
    tics = ", ".join(f'"{row.name}\\n{row.cost.title}, {row.cost.unit}" {place}' for place, row in enumerate(rows))
    return "\n".join([
        "unset label",
        f'set label "{title}" at graph 0,1.1 left font ",16"',
        f"set xrange [-0.6:{most - 0.4}]",
        f"set xtics ({tics})",
        *blocks,
        *labels,
        "plot " + ", ".join(plots),
    ])


def short(cost):
    """Three digits of it, but never an exponent."""
    return f"{cost:,.0f}" if cost >= 100 else f"{cost:.3g}"


def themed(svg):
    """Lets the reader's theme choose paper and ink; gnuplot knows only one of each."""
    style = (
        "<style>"
        "#gnuplot_canvas > rect { fill: #ffffff } text { fill: #1f2328 } "
        "@media (prefers-color-scheme: dark) { #gnuplot_canvas > rect { fill: #0d1117 } text { fill: #e6edf3 } }"
        "</style>"
    )
    head, end, rest = svg.partition("<desc>")
    return f"{head}{style}\n{end}{rest}" if end else svg
