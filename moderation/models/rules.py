"""What messages are judged by: an operator's lists and policies, and the number that says when they have changed."""

from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from moderation.lexicon import Category
from moderation.lists import MAX_VALUE_CHARACTERS, domain, pattern, word
from moderation.models.queue import Outcome
from moderation.policy import LEVELS, Policy

# Each pattern is looked for in each message, so that there may not be as many of them as of words.
MOST_PATTERNS = 200


class CategoryChoice(models.TextChoices):
    """The categories, for rows that name one."""

    PROFANITY = Category.PROFANITY.value
    HARASSMENT = Category.HARASSMENT.value
    HATE = Category.HATE.value
    SEXUAL = Category.SEXUAL.value
    THREAT = Category.THREAT.value
    SELF_HARM = Category.SELF_HARM.value
    SPAM = Category.SPAM.value
    LINKS = Category.LINKS.value
    PERSONAL_DATA = Category.PERSONAL_DATA.value


class ListName(models.TextChoices):
    """Which list an entry is on."""

    BLOCK = "block"
    ALLOW = "allow"


class EntryKind(models.TextChoices):
    """What an entry is."""

    WORD = "word"
    REGEX = "regex", "Pattern"
    DOMAIN = "domain"


class EntryLevel(models.IntegerChoices):
    """How bad what is blocked is: what is done with a message that has it, under the default thresholds."""

    NAMED = 1, "1 named, not acted on"
    HELD = 2, "2 held for a moderator"
    STOPPED = 3, "3 stopped"
    BANNED = 4, "4 stopped, author muted"


_KEPT = {EntryKind.WORD: word, EntryKind.DOMAIN: domain}


class ListEntry(models.Model):
    """One word, pattern or domain that is blocked or allowed, in one stream or everywhere.

    Attributes:
        value: a word or phrase, a pattern of RE2, or a domain with all below it.
        category: what a message with it counts as; of what is allowed it means nothing, as does the level.
    """

    list = models.CharField(max_length=5, choices=ListName.choices, default=ListName.BLOCK)
    kind = models.CharField(max_length=6, choices=EntryKind.choices, default=EntryKind.WORD)
    value = models.CharField(max_length=MAX_VALUE_CHARACTERS)
    category = models.CharField(max_length=13, choices=CategoryChoice.choices, default=CategoryChoice.PROFANITY)
    level = models.PositiveSmallIntegerField(choices=EntryLevel.choices, default=EntryLevel.STOPPED)
    stream = models.ForeignKey(
        "streams.Stream", on_delete=models.CASCADE, null=True, blank=True, related_name="+",
        help_text="Everywhere when empty.",
    )  # fmt: skip
    note = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        verbose_name_plural = "list entries"
        constraints = [
            models.UniqueConstraint(
                fields=["list", "kind", "value", "stream"],
                name="one_entry_a_value",
                nulls_distinct=False,
                violation_error_message="This is on the list already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.list} {self.kind} {self.pk}"

    def clean(self) -> None:
        """Bring the value into the form it is kept in.

        Raises:
            ValidationError: saying what is wrong with it.
        """
        try:
            if self.kind == EntryKind.REGEX:
                pattern(self.value)
                self._require_place_for_pattern()
            elif self.kind in _KEPT:
                self.value = _KEPT[EntryKind(self.kind)](self.value)
        except ValueError as error:
            raise ValidationError({"value": f"{str(error)[0].upper()}{str(error)[1:]}."}) from error

    def _require_place_for_pattern(self) -> None:
        others = ListEntry.objects.filter(kind=EntryKind.REGEX, stream=self.stream_id).exclude(pk=self.pk)
        if others.count() >= MOST_PATTERNS:
            raise ValueError(f"there are {MOST_PATTERNS} patterns already; words cost less")


class RulesVersion(models.Model):
    """The one row whose number rises with every change of lists and policies; its lock lets one change be at a time."""

    number = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"rules {self.number}"


class PolicyRow(models.Model):
    """A policy: never changed, replaced by the next. The highest number of a stream, or of none, is in force.

    Attributes:
        stream: where it holds; everywhere when empty. What it leaves out is as everywhere.
        hold: the least score, 0 to 1, of what is held; `stop` and `ban` go with it, or all three are as elsewhere.
        number: counted for each stream, and for everywhere; empty while it is a draft.
        levels: how strictly each category is moderated, by its name.
    """

    stream = models.ForeignKey("streams.Stream", on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    number = models.PositiveIntegerField(null=True, blank=True, editable=False)
    hold = models.FloatField(null=True, blank=True, validators=[MinValueValidator(0.01), MaxValueValidator(1)])
    stop = models.FloatField(null=True, blank=True, validators=[MinValueValidator(0.01), MaxValueValidator(1)])
    ban = models.FloatField(null=True, blank=True, validators=[MinValueValidator(0.01), MaxValueValidator(1)])
    levels: "models.JSONField[dict[str, int], dict[str, Any]]" = models.JSONField(default=dict, blank=True)
    undecided = models.CharField(
        max_length=5,
        choices=Outcome.choices,
        blank=True,
        default="",
        help_text="What becomes of a held message nobody decides in time.",
    )
    note = models.CharField(max_length=200, blank=True, default="")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        verbose_name = "policy"
        verbose_name_plural = "policies"
        constraints = [
            models.UniqueConstraint(fields=["stream", "number"], name="policies_are_numbered", nulls_distinct=False,
                                    condition=models.Q(number__isnull=False))
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"policy {self.number}" if self.number else f"draft {self.pk}"

    def over(self, base: Policy) -> Policy:
        """This policy, with what it leaves out as in `base`.

        Raises:
            ValueError: its thresholds do not rise or are not complete, or a level is unknown; never because of
                `base`, so that a policy which holds once holds whatever becomes of others.
        """
        hold, stop, ban = self._thresholds() or (base.hold, base.stop, base.ban)
        return Policy(
            hold=hold,
            stop=stop,
            ban=ban,
            levels={**base.levels, **levels_of(self.levels)},
            undecided=self.undecided or base.undecided,
            name=f"{base.version}/{self._name}" if self.stream_id is not None else self._name,
        )

    def _thresholds(self) -> tuple[float, float, float] | None:
        if self.hold is None and self.stop is None and self.ban is None:
            return None
        if self.hold is None or self.stop is None or self.ban is None:
            raise ValueError("a policy has all three thresholds or none")
        return self.hold, self.stop, self.ban

    @property
    def _name(self) -> str:
        return str(self.number) if self.number is not None else f"draft-{self.pk or 'file'}"


def levels_of(values: dict[str, Any]) -> dict[Category, int]:
    """Levels by category, of a row or a client.

    Raises:
        ValueError: naming the category that does not exist or the level that is none.
    """
    for name, level in values.items():
        if name not in set(Category):
            raise ValueError(f"there is no category {name[:20]}")
        if type(level) is not int or level not in LEVELS:
            raise ValueError(f"the level of {name} must be a whole number from {LEVELS[0]} to {LEVELS[-1]}")
    return {Category(name): level for name, level in values.items()}
