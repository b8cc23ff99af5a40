"""Bad words in disguise are judged as the words they are."""

import pytest

from moderation.assess import assess
from moderation.normalise import normalise, readings
from moderation.policy import Action


def is_stopped(message: str) -> bool:
    (verdict,) = assess([message])
    return verdict.action in (Action.STOP, Action.BAN)


@pytest.mark.parametrize(
    "message", ["f u c k you", "f.u.c.k you", "f-u-c-k you", "f_u_c_k you", "f u c k u", "k y s", "f  u  c  k"]
)
def test_spaced_out_insults_are_stopped(message):
    assert is_stopped(message)


@pytest.mark.parametrize(
    "message",
    [
        "f4ck you",
        "you b!tch",
        "you are an @sshole",
        "a$$hole",
        "n1gg3r",
        "r3tard",
        "ki11 yourself",
        "wh0re",
        "c*nt",
        "f**k you",
        "f@ggot",
    ],
)
def test_letters_replaced_by_digits_and_signs_are_read(message):
    assert is_stopped(message)


@pytest.mark.parametrize("message", ["fuuuuuck yooou", "you biiiiitch", "niggggerrr", "kysssss", "whoooore", "fagggot"])
def test_stretched_insults_are_stopped(message):
    assert is_stopped(message)


@pytest.mark.parametrize("message", ["fu ck you", "b itch", "c unt", "f-uck you", "cu nt"])
def test_insults_broken_in_two_are_stopped(message):
    assert is_stopped(message)


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("fuсk уоu", id="cyrillic"),
        pytest.param("niggεr", id="greek"),
        pytest.param("ｂｉｔｃｈ", id="fullwidth"),
        pytest.param("𝒻𝓊𝒸𝓀 𝓎ℴ𝓊", id="mathematical script"),
        pytest.param("𝖋𝖆𝖌𝖌𝖔𝖙", id="mathematical fraktur"),
        pytest.param("ⓒⓤⓝⓣ", id="circled"),
        pytest.param("🅒🅤🅝🅣", id="negative circled"),
        pytest.param("🅵🅰🅶🅶🅾🆃", id="negative squared"),
        pytest.param("🇰 🇾 🇸", id="regional indicators, spaced"),
        pytest.param("ꜰᴜᴄᴋ ʏᴏᴜ", id="small capitals"),
        pytest.param("fück yöü", id="accents"),
        pytest.param("ķ̷̛͇y̸̨͝s̵̳̈", id="stacked marks"),
        pytest.param("сunт", id="mixed scripts"),
        pytest.param("千ㄩ匚Ҝ you", id="drawn font"),
    ],
)
def test_letters_of_other_alphabets_are_read_as_what_they_look_like(message):
    assert is_stopped(message)


@pytest.mark.parametrize(
    "gap", ["\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u034f", "\u202e", "\ufe0f", "\U000e0061"]
)
def test_invisible_characters_hide_nothing(gap):
    assert is_stopped(gap.join("nigger"))


@pytest.mark.parametrize("blank", ["\u2800", "\u3164", "\u115f", "\u00a0", "\u2003"])
def test_blank_letters_are_spaces(blank):
    assert is_stopped(f"kill{blank}yourself")


def test_two_disguises_at_once_are_undone():
    assert normalise("ᖴ u с k") == "fuck"
    assert normalise("n 1 g g 3 r") == "nigger"
    assert normalise("FUUUU\u200bСK") == "fuck"


@pytest.mark.parametrize(
    "message",
    [
        "как дела, друзья",
        "сор и рост",
        "γεια σας παιδιά",
        "مرحبا بالجميع",
        "こんにちは世界",
        "안녕하세요 여러분",
        "שלום לכולם",
        "नमस्ते दोस्तों",
    ],
)
def test_other_languages_are_not_mangled(message):
    assert readings(message) == (message.casefold(),)


def test_a_foreign_word_is_read_as_latin_only_when_no_language_is_spoken():
    assert normalise("сосk") == "cock", "scripts mixed in one word"
    assert normalise("соск") == "cock", "foreign throughout, but looks like a bad word"
    assert normalise("соск и сос") == "соск и сос", "the same among words of Russian"
    assert normalise("сос") == "сос", "looks like no word"
