"""What the demo does, in order, and how it tells of it."""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import torch

from h5torch.cli import text
from h5torch.cli.demo import corpus, digits, speed
from h5torch.cli.reading import read_contents
from h5torch.cli.tree import draw
from splits import SplitError

Result = TypeVar("Result")


def run(folder: Path) -> None:
    """Build, split, train, measure and show; the files end up in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    images, texts = folder / "digits.h5t", folder / "docstrings.h5t"
    started = time.perf_counter()
    with _quiet_process():
        _digits(images)
        _docstrings(texts)
        _speed(images)
    picture = _picture(images, folder / "class-shares.png")
    for path in (images, texts):
        print("", *draw(read_contents(path)), sep="\n")
    _title("Written")
    for path in (images, texts, *picture):
        _say(text.size(path.stat().st_size), str(path))
    print(text.dim(f"\nAll of it took {time.perf_counter() - started:.1f} s."))


def _digits(path: Path) -> None:
    _title("Digits: 1,797 handwritten images from scikit-learn")
    _, seconds = _timed(lambda: digits.write(path))
    _say("stored", f"images, labels, names, a split, a sampler, in {seconds:.2f} s")
    _say("split", "stratified by label: " + _shares(digits.PARTS))
    trained = digits.train(path)
    _say("trained", f"{digits.EPOCHS} epochs through the loader in {trained.seconds:.1f} s")
    _say("test accuracy", text.bold(f"{trained.accuracy:.1%}"))


def _docstrings(path: Path) -> None:
    n_rows, seconds = _timed(lambda: corpus.write(path))
    _title(f"Docstrings: {n_rows:,} texts from Python's standard library")
    _say("stored", f"token ids, modules, names, a split, a sampler, in {seconds:.1f} s")
    _say("split", "stratified by module: " + _shares(corpus.PARTS))
    padded = corpus.first_batch(path)
    shape = text.shape((padded.rows, padded.length))
    _say("a batch", f"{shape} tokens, {padded.share_of_text:.0%} of them text, the rest padding")
    trained = corpus.train(path)
    _say("trained", f"{corpus.EPOCHS} epochs through the loader in {trained.seconds:.1f} s")
    guess = f"(always guessing the commonest module: {trained.most_common:.1%})"
    _say("test accuracy", f"{text.bold(f'{trained.accuracy:.1%}')}  {text.dim(guess)}")


def _speed(path: Path) -> None:
    _title("Samples per second: digits, random order, batches of 64")
    measured = speed.compare(path)
    _say("the loader", f"{measured.loader:>11,.0f}")
    _say("h5py, row by row", f"{measured.row_by_row:>11,.0f}")
    _say("", text.dim(f"{measured.loader / measured.row_by_row:>11.1f} times as many"))


def _picture(images: Path, picture: Path) -> list[Path]:
    try:
        digits.draw_shares(images, picture)
    except SplitError as error:
        _title("No picture of the class shares")
        print(f"  {error}")
        return []
    return [picture]


def _shares(parts: dict[str, float]) -> str:
    return ", ".join(f"{name} {share:.0%}" for name, share in parts.items())


def _title(line: str) -> None:
    print(f"\n{text.bold(line)}", flush=True)


def _say(label: str, value: str) -> None:
    print(f"  {text.dim(f'{label:<17}')} {value}", flush=True)


def _timed(work: Callable[[], Result]) -> tuple[Result, float]:
    started = time.perf_counter()
    result = work()
    return result, time.perf_counter() - started


@contextmanager
def _quiet_process() -> Iterator[None]:
    """Give torch one thread, and keep the garbage collector off what imports have left behind.

    A pool of threads costs these small models more than it brings, and so does looking through all
    of torch again and again while sources are parsed.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        torch.set_num_threads(threads)
