"""Everything that README and the pages of docs show can be typed in as it stands."""

import re
import tomllib
from pathlib import Path

import attrs
import pytest

from h5torch.cli.app import run

ROOT = Path(__file__).parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
IDS = [str(page.relative_to(ROOT)) for page in PAGES]

FENCE = re.compile(r"^(?P<indent> *)(?P<fence>```+)(?P<language>[\w-]*)")
LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
COMMAND = re.compile(r"(?:^|[\s/$])h5torch ([a-z][a-z-]*)", re.MULTILINE)


@attrs.frozen(kw_only=True)
class Block:
    """A fenced block of a page."""

    language: str
    line: int  # of its first line of code, counted from 1
    code: str


def blocks_of(page: Path) -> list[Block]:
    blocks, lines = [], iter(enumerate(page.read_text(encoding="utf-8").splitlines(), start=1))
    for number, line in lines:
        if opening := FENCE.match(line):
            code = []
            for _, inner in lines:
                if inner.strip() == opening["fence"]:
                    break
                code.append(inner.removeprefix(opening["indent"]))
            blocks.append(Block(language=opening["language"], line=number + 1, code="\n".join(code)))
    return blocks


def prose_of(page: Path) -> str:
    return re.sub(r"^ *```.*?^ *```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors_of(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", prose_of(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def shown_in(page: Path, *languages: str) -> list[Block]:
    return [block for block in blocks_of(page) if block.language in languages]


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_python_on_a_page_runs_from_top_to_bottom(page, tmp_path, monkeypatch):
    """The blocks of a page share one namespace; a traceback names the page and the line.

    They run twice, as cells of a notebook are run again while what they made is still open.
    """
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "__main__"}
    for block in 2 * shown_in(page, "python"):
        code = "\n" * (block.line - 1) + block.code
        exec(compile(code, page, "exec"), namespace)


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_links_within_the_project_lead_somewhere(page):
    broken = []
    for link in LINK.finditer(prose_of(page)):
        path, _, anchor = link["target"].partition("#")
        if "://" in path or path.startswith("mailto:"):
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            broken.append(link["target"])

    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_commands_that_a_page_shows_exist(page, capsys):
    shown = "\n".join(block.code for block in shown_in(page, "bash", "console", "sh"))
    unknown = [name for name in COMMAND.findall(shown) if run([name, "--help"]) != 0]

    assert unknown == [], capsys.readouterr().err


def test_readme_prints_two_commands_of_one_line_each():
    """The first runs the main job, the second the tests; both bring the environment up to date."""
    demo, tests = (block.code for block in shown_in(ROOT / "README.md", "bash"))

    assert demo.endswith("/bin/h5torch demo")
    assert "/bin/pytest " in tests
    for command in (demo, tests):
        assert "\n" not in command
        assert " -c constraints.txt -e '.[" in command


def test_every_dependency_is_pinned_in_the_constraints():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [name for group in project["optional-dependencies"].values() for name in group]
    wanted = {re.split(r"[\[<>=~! ]", name)[0].lower() for name in [*project["dependencies"], *extras]}
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.split("==")[0].lower() for line in constraints if "==" in line}

    assert wanted - {"h5torch"} <= pinned


def test_a_block_knows_the_line_it_stands_on(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Title\n\n```python\na = 1\nb = 2\n```\n\n  ```bash\n  ls\n  ```\n", encoding="utf-8")

    assert blocks_of(page) == [
        Block(language="python", line=4, code="a = 1\nb = 2"),
        Block(language="bash", line=9, code="ls"),
    ]
