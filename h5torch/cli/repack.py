"""The command `h5torch repack IN OUT`: the same file, laid out for another use."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from h5torch.cli import text

if TYPE_CHECKING:
    from h5torch.cli.gain import Gain, Order
    from h5torch.repack import Repacked, Report

_NAME, _MODE, _STORED, _BYTES = 22, 17, 19, 19
"""Widths of the columns, with a blank between each two: 80 in all."""


def repack(
    source: Path,
    target: Path,
    /,
    *,
    use: Annotated[Literal["random", "sequential", "size"], Parameter(name="--for")] = "random",
    compression: str | None = None,
    overwrite: Annotated[bool, Parameter(negative="")] = False,
    measure: bool = True,
) -> None:
    """Rewrite a file so that it is fast to read, or small.

    Rows of `vlen` and `separate` become `ragged`, which reads many times faster. Values, splits,
    samplers, attributes, links and foreign objects are kept. TARGET is there whole, or not at all.

    What for:

    - `random`: arrays contiguous and uncompressed. The fastest in any order, and the largest.
    - `sequential`: compressed in chunks of about 1 MiB. For reading in order, or shuffled in blocks: a
      single row costs as much as its whole chunk.
    - `size`: the same at the codec's strongest level. The smallest; slow to write, and random rows are
      read at a small fraction of the speed.

    Args:
        source: The file as it is.
        target: The new file.
        use: What the file is laid out for.
        compression: gzip (the default) or lzf, anywhere; lz4, zstd or blosc with the package
            hdf5plugin, which readers need too. Not with `--for random`.
        overwrite: Replace TARGET where it exists.
        measure: Read batches of both files afterwards, and tell how fast they are.
    """
    from h5torch.repack import repack as rewrite

    report = rewrite(source, target, use=use, compression=compression, overwrite=overwrite)
    print("\n".join(draw(report)), flush=True)
    if measure:
        print("\n".join(_measured(report)))


def draw(report: "Report") -> Iterator[str]:
    """Yield the lines that tell what became of a file, each within 80 columns."""
    total = f"{text.size(report.bytes_before)} → {text.size(report.bytes_after)}"
    ends = f"{report.source.name} → {report.target.name}, for {report.use}"
    yield text.bold(text.pad(ends, text.WIDTH - len(total) - 1)) + " " + total
    for one in report.objects:
        yield from _lines(one)
    for path in report.left_out:
        yield text.fit(f"left out: /{path}, writing it was cut short", text.WIDTH)
    for note in report.notes:
        yield text.fit(note, text.WIDTH)


def _lines(one: "Repacked") -> Iterator[str]:
    mode = _change(one.mode_before, one.mode_after)
    stored = _change(one.stored_before, one.stored_after)
    n_bytes = f"{text.size(one.bytes_before)} → {text.size(one.bytes_after)}"
    cells = [text.pad(one.key, _NAME), text.pad(mode, _MODE), text.pad(stored, _STORED)]
    yield " ".join([*cells, text.dim(n_bytes.rjust(_BYTES))])
    if one.note:
        yield text.dim(text.fit(f"   {one.note}", text.WIDTH))


def _change(before: str, after: str) -> str:
    return after if before == after else f"{before} → {after}"


def _measured(report: "Report") -> Iterator[str]:
    from h5torch.cli.gain import BATCH_SIZE, measure
    from h5torch.errors import H5torchError

    orders: tuple[Order, ...] = ("random",) if report.use == "random" else ("random", "sequential")
    try:
        gains = measure(report.source, report.target, orders)
    except H5torchError as error:
        yield text.fit(f"speed not measured: {error}", text.WIDTH)
        return
    yield f"rows a second, batches of {BATCH_SIZE} as tensors, both files in turns:"
    yield from map(speed_line, gains)


def speed_line(gain: "Gain") -> str:
    """Tell how fast two files are in one order: the loss as plainly as the gain."""
    if gain.ratio >= 1:
        told = f"{_factor(gain.ratio)} times as fast"
    else:
        told = f"{_factor(1 / gain.ratio)} times slower"
    return f"  {gain.order:<11}{gain.before:>13,.0f} → {gain.after:>13,.0f}   {told}"


def _factor(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 9.95 else f"{ratio:.1f}"
