"""What changed within one kind of event: its fields, their types, and the values of enumerations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from harness.endpoints.chance import ENOUGH, Gone, gone, new_for_sure
from harness.endpoints.drift_finding import Finding, Severity, evidence
from harness.endpoints.shape import FieldShape, KindShape, Seen

_NUMBERS = frozenset({"integer", "number"})
_RELIED_ON = 5
"""Times that a field must always have been there before its loss breaks anybody for sure."""
_MANY = 20
"""Values after which a type that never came is called one that does not come."""


@dataclass(frozen=True, slots=True)
class FieldDrift:
    """Compares one kind of event of before with the same kind now."""

    dialect: str
    kind: str
    before: KindShape
    now: KindShape

    def findings(self) -> Iterator[Finding]:
        """Everything that changed; of an object that is new or gone only itself, not each of its fields."""
        renamed: set[str] = set()
        for path, field in self.before.fields.items():
            found = self.now.fields.get(path)
            if found is not None:
                yield from self._types(path, field, found)
                yield from self._values(path, field, found)
                yield from self._sometimes_missing(path, field, found)
            else:
                yield from self._vanished(path, field, renamed)
        for path, field in self.now.fields.items():
            if path not in self.before.fields and path not in renamed:
                yield from self._new(path, field)
        yield from self._new_variants()

    @property
    def _is_answer(self) -> bool:
        """Whether this is a document or an error: such have the form of the situation that they answer."""
        return self.kind.startswith("(")

    def _finding(self, severity: Severity, rule: str, path: str, message: str, *sides: Seen | None) -> Finding:
        """`sides`: what was seen before and now, and what stands there instead before and now."""
        was, is_, old_instead, new_instead = (*sides, None, None)[:4]
        parent = parent_of(path)
        of_before, of_now = (shape.objects.get(parent, shape.seen).count for shape in (self.before, self.now))
        return Finding(
            severity,
            rule,
            self.dialect,
            f"{self.kind}: {path}" if path else self.kind,
            message,
            evidence(was, max(of_before, was.count if was else 0), old_instead),
            evidence(is_, max(of_now, is_.count if is_ else 0), new_instead),
        )

    def _vanished(self, path: str, field: FieldShape, renamed: set[str]) -> Iterator[Finding]:
        """A field that is nowhere any more, though the object that had it still comes."""
        parent = parent_of(path)
        had, has = self.before.objects.get(parent), self.now.objects.get(parent)
        if had is None or has is None or path.endswith("[]"):
            return
        instead = (field.seen, None, None, has)
        is_required = field.seen.count == had.count
        if other := self._renamed_to(path, field, renamed):
            renamed.add(other)
            sides = (field.seen, self.now.fields[other].seen)
            name = other.rpartition(".")[2]
            yield self._finding("breaking", "field-renamed", path, f"it is gone, and {name!r} has come instead", *sides)
        elif is_required:
            is_sure = had.count >= _RELIED_ON and has.count >= ENOUGH
            severity: Severity = "breaking" if (self._is_answer and same_situation(has, had)) or is_sure else "notable"
            yield self._finding(severity, "field-vanished", path, "it was always there, and is gone", *instead)
        elif (sure := gone(field.seen, had.exchanges, has.exchanges)) is not Gone.PERHAPS:
            is_usual = sure is Gone.SURELY and len(field.seen.exchanges) * 2 >= len(had.exchanges)
            said = "it was there in most recordings" if is_usual else "it was there in some recordings"
            severity = "breaking" if is_usual else "notable"
            yield self._finding(severity, "field-vanished", path, f"{said}, and is in none now", *instead)

    def _renamed_to(self, path: str, field: FieldShape, taken: set[str]) -> str | None:
        """The one new field beside it that has its types, where it was seen often enough not to be missed by chance."""
        parent = parent_of(path)
        if field.seen.count < ENOUGH or "string" not in field.types:
            return None
        beside = [
            other
            for other, found in self.now.fields.items()
            if other not in self.before.fields
            and other not in taken
            and parent_of(other) == parent
            and not other.endswith("[]")
            and set(found.types) - {"null"} == set(field.types) - {"null"}
            and found.seen.count >= ENOUGH
        ]
        return beside[0] if len(beside) == 1 else None

    def _sometimes_missing(self, path: str, field: FieldShape, found: FieldShape) -> Iterator[Finding]:
        parent = parent_of(path)
        had, has = self.before.objects.get(parent), self.now.objects.get(parent)
        if had is None or has is None or path.endswith("[]"):
            return
        if field.seen.count == had.count >= ENOUGH and found.seen.count < has.count:
            lacking = self.now.without(parent, path[len(parent) :].lstrip("."))
            is_known = same_situation(lacking, had) or new_for_sure(lacking, has.exchanges, had.exchanges)
            severity: Severity = "notable" if is_known else "info"
            finding = self._finding(severity, "field-optional", path, "it was always there", field.seen, found.seen)
            yield replace(finding, now=replace(finding.now, place=lacking.place))

    def _new(self, path: str, field: FieldShape) -> Iterator[Finding]:
        """A field that never was, in an object that was: one in a new object goes without saying."""
        parent = parent_of(path)
        had = self.before.objects.get(parent)
        if had is not None and not path.endswith("[]"):
            yield self._finding("info", "field-new", path, "it is new", None, field.seen, had)

    def _new_variants(self) -> Iterator[Finding]:
        """Objects of a type that never was, at a place where there were others."""
        old = {variant_of(path) for path in self.before.objects}
        for path, seen in self.now.objects.items():
            place, tag = variant_of(path)
            others = [
                self.before.objects[path_] for path_ in self.before.objects if variant_of(path_)[0] == place and path_
            ]
            if tag and (place, tag) not in old and others:
                said = f"an object of the type {tag!r}, which never came before"
                yield self._finding("notable", "type-tag-new", path, said, None, seen, others[0])

    def _types(self, path: str, field: FieldShape, found: FieldShape) -> Iterator[Finding]:
        for name, seen in found.types.items():
            if name in field.types or ({name} <= _NUMBERS and "number" in field.types):
                continue
            was = next((field.types[each] for each in field.types if each != "null"), None)
            sides = (was or field.types.get("null"), seen)
            words = f"it was {' or '.join(sorted(field.types))}, and now also is {name}"
            if was is None:
                yield self._finding("info", "type-known", path, f"it was always null, and now is {name}", *sides)
            elif name == "null" or {name, *field.types} - {"null"} <= _NUMBERS:
                if field.seen.count >= _MANY:
                    yield self._finding("notable", "type-wider", path, words, *sides)
            else:
                is_other = self._is_answer and not same_situation(seen, field.seen)
                yield self._finding("notable" if is_other else "breaking", "type-changed", path, words, *sides)

    def _values(self, path: str, field: FieldShape, found: FieldShape) -> Iterator[Finding]:
        if not field.values:
            return
        some = next(iter(field.values.values()))
        for value, seen in found.values.items():
            if value not in field.values:
                known = ", ".join(sorted(field.values)[:6])
                said = f"the value {value!r} never came before; there were {known}"
                severity: Severity = "notable" if same_situation(seen, field.seen) else "info"
                yield self._finding(severity, "value-new", path, said, None, seen, some)


def same_situation(now: Seen, before: Seen) -> bool:
    """Whether something came in a situation that is known and was there before: then it is no chance of the sample."""
    return any(name and name in before.exchanges.values() for name in now.exchanges.values())


def parent_of(path: str) -> str:
    """The path of the object that has the field at `path`; empty for the payload itself. The type in angle brackets
    may hold dots."""
    depth = 0
    for at in range(len(path) - 1, -1, -1):
        letter = path[at]
        depth += (letter == ">") - (letter == "<")
        if letter == "." and not depth:
            return path[:at]
    return ""


def variant_of(path: str) -> tuple[str, str]:
    """An object's path without the type that it says, and that type."""
    if not path.endswith(">"):
        return path, ""
    place, _, tag = path[:-1].rpartition("<")
    return place, tag
