"""What can be said, as a grammar of words: the shapes, what may be done to them, and JSGF.

A grammar here is a tree of words, sequences and choices. It knows nothing of templates or engines.
JSGF: https://www.w3.org/TR/2000/NOTE-jsgf-20000605/ (Sun's Java Speech Grammar Format).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word, lower case."""

    text: str


@dataclass(frozen=True, slots=True)
class Seq:
    """All of the parts, in order; without parts, nothing needs to be said."""

    parts: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the parts; without parts, nothing can be said that fits."""

    parts: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Ref:
    """A rule of the same grammar, by name."""

    rule: str


Node = Word | Seq | Choice | Ref

SILENCE = Seq()
IMPOSSIBLE = Choice()


def seq(parts: Iterable[Node]) -> Node:
    """A sequence in its simplest form."""
    flat: list[Node] = []
    for part in parts:
        if part == IMPOSSIBLE:
            return IMPOSSIBLE
        flat.extend(part.parts if isinstance(part, Seq) else (part,))
    return flat[0] if len(flat) == 1 else Seq(tuple(flat))


def choice(parts: Iterable[Node]) -> Node:
    """A choice in its simplest form: parts that begin alike share their beginning."""
    flat: list[Node] = []
    for part in _share_beginnings(parts):
        flat.extend(part.parts if isinstance(part, Choice) else (part,))
    shared = _share_beginnings(flat)
    return shared[0] if len(shared) == 1 else Choice(shared)


def _share_beginnings(parts: Iterable[Node]) -> tuple[Node, ...]:
    tails: dict[Node, dict[Node, None]] = {}
    for part in parts:
        first, tail = _split(part)
        tails.setdefault(first, {})[tail] = None
    return tuple(
        seq([first, choice(rest) if len(rest) > 1 else next(iter(rest))]) for first, rest in tails.items()
    )


def _split(node: Node) -> tuple[Node, Node]:
    """The first part and the rest."""
    if isinstance(node, Seq) and node.parts:
        return node.parts[0], seq(node.parts[1:])
    return node, SILENCE


@dataclass(frozen=True, slots=True)
class Grammar:
    """The sentences that may be said, and the rules that they refer to."""

    sentences: tuple[Node, ...]
    rules: Mapping[str, Node]
    before: Node = SILENCE
    """What may be said before every sentence: polite words."""
    after: Node = SILENCE

    def words(self) -> frozenset[str]:
        """Every word that occurs."""
        nodes = (*self.sentences, *self.rules.values(), self.before, self.after)
        return frozenset(word for node in nodes for word in _words(node))

    def without(self, words: frozenset[str]) -> Grammar:
        """The grammar of those sentences that can be said without `words`."""
        if not words:
            return self
        rules: dict[str, Node] = {}

        def cut(node: Node) -> Node:
            match node:
                case Word(text):
                    return IMPOSSIBLE if text in words else node
                case Ref(rule):
                    if rule not in rules:
                        rules[rule] = cut(self.rules[rule])
                    return IMPOSSIBLE if rules[rule] == IMPOSSIBLE else node
                case Seq(parts):
                    return seq(map(cut, parts))
                case Choice(parts):
                    return choice(map(cut, parts))

        kept = tuple(node for node in map(cut, self.sentences) if node != IMPOSSIBLE)
        before, after = (choice([SILENCE, cut(node)]) for node in (self.before, self.after))
        possible = {name: node for name, node in rules.items() if node != IMPOSSIBLE}
        return Grammar(kept, possible, before, after)

    def whole(self) -> Node:
        """All of it as one tree."""
        return seq([self.before, choice(self.sentences), self.after])

    def jsgf(self, name: str = "commands") -> str:
        """The grammar as JSGF, one public rule `<name>`."""
        sentences = {f"sentence_{number}": node for number, node in enumerate(self.sentences, 1)}
        lines = ["#JSGF V1.0;", f"grammar {name};"]
        lines += [f"<{rule}> = {_jsgf(node)};" for rule, node in (*self.rules.items(), *sentences.items())]
        whole = seq([self.before, choice(map(Ref, sentences)), self.after])
        lines.append(f"public <{name}> = {_jsgf(whole)};")
        return "\n".join(lines) + "\n"


def _words(node: Node) -> Iterator[str]:
    match node:
        case Word(text):
            yield text
        case Seq(parts) | Choice(parts):
            for part in parts:
                yield from _words(part)


def _jsgf(node: Node) -> str:
    match node:
        case Word(text):
            return text
        case Ref(rule):
            return f"<{rule}>"
        case Seq(parts):
            return " ".join(map(_jsgf, parts)) or "<NULL>"
        case Choice(parts):
            said = [_jsgf(part) for part in parts if part != SILENCE]
            joined = " | ".join(said) or "<VOID>"
            return f"[{joined}]" if SILENCE in parts else f"({joined})"
