"""The keyed integer hash and the keyed permutation that splits and samplers stand on.

Everything here is unsigned 64-bit integer arithmetic (wrapping, as C means it) written out in NumPy, so
the same seed gives the same bits on every machine, Python, NumPy and torch. A NumPy or torch `Generator`
promises its stream for one version only and is not used. Golden values in `tests/test_keyed.py` pin every
function: changing one of them changes what a stored recipe means, so it takes a new recipe version.

The mixer is variant 13 of D. Stafford, "Better Bit Mixing: Improving on MurmurHash3's 64-bit Finalizer"
(2011), the steps are those of SplitMix64 (G. L. Steele, D. Lea, C. H. Flood, "Fast Splittable Pseudorandom
Number Generators", OOPSLA 2014). It is a bijection of 64-bit words: distinct rows have distinct hashes
under one key, so sorting rows by hash has no ties. It is no cipher and hides nothing from an adversary.
"""

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.errors import ArgumentTypeError, RowError

__all__ = ["Permutation", "checked_seed", "derive", "hash_ids", "hash_rows"]

Words: TypeAlias = npt.NDArray[np.uint64]

_MASK = (1 << 64) - 1
_STEP = 0x9E3779B97F4A7C15  # 2**64 / golden ratio, odd: the step of SplitMix64
_BLOCK = 1 << 14  # rows worked on at a time, so that the working arrays stay in the second-level cache
_SMALL, _SMALL_ROUNDS, _ROUNDS = 1024, 24, 12  # measured, see `Permutation`
_MAX_ROWS = 1 << 62


def checked_seed(seed: object) -> int:
    """Return `seed` as an `int` in `[0, 2**64)`; NumPy integers are fine.

    Raises:
        ArgumentTypeError: it is no integer (a bool is none), or lies outside the range.
    """
    if isinstance(seed, bool | np.bool_) or not isinstance(seed, int | np.integer):
        msg = f"seed must be an integer in [0, 2**64), got {seed!r} ({type(seed).__name__}); write seed=0"
        raise ArgumentTypeError(msg)
    if not 0 <= int(seed) <= _MASK:
        msg = f"seed must lie in [0, 2**64), got {seed}"
        raise ArgumentTypeError(msg)
    return int(seed)


def derive(seed: int, *words: int | str) -> int:
    """Derive the 64-bit key for one purpose from a seed: `derive(seed, "shuffled", epoch)`.

    Each word picks output number `word` of the SplitMix64 generator that the key so far seeds. So words
    are not added up (seed 0 epoch 1 and seed 1 epoch 0 differ), their order matters, and for one seed two
    different last words never give the same key.

    Args:
        seed: An integer in `[0, 2**64)`.
        words: Integers in `[0, 2**64)`, or text that names the purpose and so parts it from all others.

    Raises:
        ArgumentTypeError: the seed or a number lies outside its range or is no integer.
    """
    key = _mix_one(checked_seed(seed) + _STEP)
    for word in words:
        number = int(_hash_text(np.array([word]), 0)[0]) if isinstance(word, str) else checked_seed(word)
        key = _mix_one(key + _STEP * (number + 1))
    return key


def hash_rows(rows: npt.NDArray[np.integer[Any]], *, key: int) -> Words:
    """Hash row numbers: output `row` of the SplitMix64 generator seeded with `key`.

    Args:
        rows: Integers of any width and shape; negative ones count as their two's complement.
        key: From `derive`.

    Returns:
        uint64, shape as given; distinct rows have distinct hashes.
    """
    return _hash_words(rows.astype(np.int64).view(np.uint64) if rows.dtype.kind == "i" else rows, key)


def hash_ids(ids: npt.NDArray[Any], *, key: int) -> Words:
    """Hash stable ids: the same id has the same hash in whatever row, array or file it stands.

    Args:
        ids: Shape `(n,)`. Integers of any width count by value (modulo 2**64), text by its UTF-8 bytes
            whether it comes as `U`, `S`, `StringDType` or objects; the number 7 and the text "7" differ.
        key: From `derive`.

    Returns:
        uint64, shape `(n,)`.

    Raises:
        ArgumentTypeError: the ids are neither integers nor text; a float is no stable id.
    """
    if ids.ndim != 1:
        msg = f"ids must have one dimension, got shape {ids.shape}"
        raise ArgumentTypeError(msg)
    if ids.dtype.kind in "iu":
        return hash_rows(ids, key=derive(key, "integer"))
    if ids.dtype.kind in "OT":
        ids = _plain_text(ids)
    if ids.dtype.kind not in "US":
        msg = f"ids must be integers or text, got dtype {ids.dtype}; round or name them first"
        raise ArgumentTypeError(msg)
    return _hash_text(ids, derive(key, "text"))


def _two_sides(n_rows: int) -> tuple[int, int]:
    """Return even `a` and `b` with `a * b >= n_rows`, both near the square root."""
    root = math.isqrt(n_rows)
    a = max(2, root + root % 2)
    return a, max(1, -(-n_rows // a))


@attrs.frozen(kw_only=True)
class Permutation:
    """A permutation of `[0, n_rows)` decided by `key`, held in no memory and evaluated anywhere at once.

    A Feistel network on pairs (low, high) of Z_a x Z_b with a * b just above `n_rows`: each round adds a
    keyed hash of one side to the other, modulo that side; a value that leaves `[0, n_rows)` is sent round
    again until it is back ("cycle walking"; fewer than 2 passes on average for n > 2, nearly 1 for large
    n). See J. Black and P. Rogaway, "Ciphers with Arbitrary Finite Domains" (CT-RSA 2002), section 5 for
    the mixed radix and section 3 for the walk. `a` is even because rounds on two odd sides are even
    permutations all, and half of the orders would never come up.

    Rounds, as measured over 100,000 seeds (chi-squared of position x value, of neighbours' differences,
    of ordered first pairs, and of whole orders for n <= 6, each as standard deviations from uniform): at 4
    rounds every n from 3 to 4096 fails (up to 45,000), at 8 the neighbours of most n <= 20 do (up to 620),
    at 12 those of n <= 15 (up to 37), at 16 n = 6 still shows 4.6, and at 24 nothing exceeds the 3 that
    `torch.randperm` reaches too. From 256 rows on 8 rounds already pass; so 24 are used below 1024 rows,
    12 from there on. `tests/test_keyed.py` repeats a short form of it.

    Attributes:
        n_rows: Number of rows, from 0 to 2**62.
        key: 64-bit key, from `derive`.
    """

    n_rows: int = attrs.field()
    key: int = attrs.field(converter=checked_seed)
    _round_keys: tuple[int, ...] = attrs.field(init=False, eq=False, repr=False)

    @_round_keys.default
    def _derive_round_keys(self) -> tuple[int, ...]:
        rounds = _SMALL_ROUNDS if self.n_rows < _SMALL else _ROUNDS
        return tuple(derive(self.key, number) for number in range(rounds))

    @n_rows.validator
    def _check_n_rows(self, _: "attrs.Attribute[int]", value: int) -> None:
        if not 0 <= value <= _MAX_ROWS:
            msg = f"a permutation covers 0 to 2**62 rows, got {value}"
            raise RowError(msg)

    def rows(self, positions: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Return the row at each position of the shuffled order.

        Args:
            positions: Integers in `[0, n_rows)`, any shape, any order, repeats allowed.

        Returns:
            int64, shape as given.

        Raises:
            RowError: a position lies outside `[0, n_rows)`.
        """
        return self._walk(self._checked(positions, "positions"), self._forward)

    def positions(self, rows: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Return the position at which each row comes: the inverse of `rows`, with the same contract."""
        return self._walk(self._checked(rows, "rows"), self._backward)

    def _checked(self, values: npt.ArrayLike, what: str) -> npt.NDArray[np.int64]:
        numbers = np.asarray(values)
        if numbers.size == 0:
            return np.zeros(numbers.shape, np.int64)
        if numbers.dtype.kind not in "iu":
            msg = f"{what} must be integers, got dtype {numbers.dtype}"
            raise ArgumentTypeError(msg)
        low, high = int(numbers.min()), int(numbers.max())
        if low < 0 or high >= self.n_rows:
            msg = f"{what} must lie in [0, {self.n_rows}), got [{low}, {high}]"
            raise RowError(msg)
        return numbers.astype(np.int64)

    def _walk(
        self, numbers: npt.NDArray[np.int64], one_pass: Callable[[Words], Words]
    ) -> npt.NDArray[np.int64]:
        words = numbers.ravel().view(np.uint64)
        for first in range(0, words.size, _BLOCK):
            block = one_pass(words[first : first + _BLOCK])
            outside = np.flatnonzero(block >= np.uint64(self.n_rows))
            while outside.size:
                block[outside] = one_pass(block[outside])
                outside = outside[block[outside] >= np.uint64(self.n_rows)]
            words[first : first + _BLOCK] = block
        return words.view(np.int64).reshape(numbers.shape)

    def _forward(self, words: Words) -> Words:
        a, b = _two_sides(self.n_rows)
        high, low = np.divmod(words, np.uint64(a))
        for number, key in enumerate(self._round_keys):
            side, other, modulus = (high, low, b) if number % 2 else (low, high, a)
            _add(side, _hash_words(other, key) % np.uint64(modulus), modulus)
        return high * np.uint64(a) + low

    def _backward(self, words: Words) -> Words:
        a, b = _two_sides(self.n_rows)
        high, low = np.divmod(words, np.uint64(a))
        for number, key in reversed(tuple(enumerate(self._round_keys))):
            side, other, modulus = (high, low, b) if number % 2 else (low, high, a)
            added = _hash_words(other, key) % np.uint64(modulus)
            _add(side, np.uint64(modulus) - added, modulus)
        return high * np.uint64(a) + low


def _add(side: Words, amount: Words, modulus: int) -> None:
    """Add `amount <= modulus` to `side < modulus` in place, modulo `modulus`.

    Where the sum is below the modulus, `sum - modulus` wraps round to a huge number.
    """
    side += amount
    np.minimum(side, side - np.uint64(modulus), out=side)


def _hash_words(words: npt.NDArray[Any], key: int) -> Words:
    result = words.astype(np.uint64)
    result *= np.uint64(_STEP)
    result += np.uint64((key + _STEP) & _MASK)
    return _mix(result)


def _mix(words: Words) -> Words:
    """Mix each word in place and return the array."""
    words ^= words >> np.uint64(30)
    words *= np.uint64(0xBF58476D1CE4E5B9)
    words ^= words >> np.uint64(27)
    words *= np.uint64(0x94D049BB133111EB)
    words ^= words >> np.uint64(31)
    return words


def _mix_one(word: int) -> int:
    word &= _MASK
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & _MASK
    return word ^ (word >> 31)


def _plain_text(ids: npt.NDArray[Any]) -> npt.NDArray[Any]:
    values = ids.tolist()
    if not all(isinstance(value, str) for value in values):
        odd = next(value for value in values if not isinstance(value, str))
        msg = f"ids must be integers or text, got {odd!r} ({type(odd).__name__}) among objects"
        raise ArgumentTypeError(msg)
    return np.array(values, dtype=np.str_)


def _hash_text(text: npt.NDArray[Any], key: int) -> Words:
    hashes = np.empty(len(text), np.uint64)
    for first in range(0, len(text), _BLOCK):
        hashes[first : first + _BLOCK] = _hash_letters(_utf8(text[first : first + _BLOCK]), key)
    return hashes


def _hash_letters(letters: npt.NDArray[np.bytes_], key: int) -> Words:
    """Hash the UTF-8 bytes of each text, eight at a time (little-endian, zero-padded), then the length."""
    lengths = np.strings.str_len(letters).astype(np.uint64)
    width = -(-max(1, letters.dtype.itemsize) // 8) * 8
    words = np.ascontiguousarray(letters, dtype=f"S{width}").view("<u8").reshape(-1, width // 8)
    state: Words = np.full(len(letters), key, np.uint64)
    for number in range(width // 8):
        mixed = _mix((state + np.uint64(_STEP)) ^ words[:, number].astype(np.uint64))
        state = np.where(lengths > np.uint64(8 * number), mixed, state)
    return _mix((state + np.uint64(_STEP)) ^ lengths)


def _utf8(text: npt.NDArray[Any]) -> npt.NDArray[np.bytes_]:
    """Encode each text: ASCII by dropping zeros, any other, which takes many times as long, on its own."""
    if text.dtype.kind == "S":
        return text
    points = np.ascontiguousarray(text, dtype=text.dtype.newbyteorder("=")).view(np.uint32)
    width = max(1, text.dtype.itemsize // 4)
    letters: npt.NDArray[np.bytes_] = points.astype(np.uint8).view(f"S{width}").reshape(-1)
    if points.size and int(points.max()) >= 0x80:
        wide = (points.reshape(len(text), -1) >= 0x80).any(axis=1)
        encoded = np.strings.encode(text[wide], "utf-8", "surrogatepass")
        letters = letters.astype(f"S{max(width, encoded.dtype.itemsize)}")
        letters[wide] = encoded
    return letters
