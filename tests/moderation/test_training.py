"""Training is repeatable, and evaluation counts what it says."""

import io
import json
from xml.etree import ElementTree

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from moderation.blend import Weights
from moderation.features import Batch
from moderation.management.commands import evaluate_moderation, train_moderation
from moderation.training.corpus import Example, held_out_examples, own_examples, read_examples
from moderation.training.evaluate import at_threshold, evaluate
from moderation.training.fit import fit, known_words, out_of_fold

TOXIC = ["you idiot", "you ugly cow", "go to hell you rat", "stupid fool", "i hate you"]
CLEAN = ["good morning", "what a lovely song", "i love this stream", "nice goal", "see you tomorrow"]
SMALL = [Example(text, toxic, 1.0, text) for texts, toxic in ((TOXIC, True), (CLEAN, False)) for text in texts]


def write(path, content):
    path.write_text(content, "utf-8")
    return path


def test_the_same_examples_give_the_same_weights():
    first, second = fit(SMALL, []), fit(SMALL, [])
    assert first.version == second.version
    np.testing.assert_array_equal(first.words, second.words)


def test_other_examples_give_other_weights():
    assert fit(SMALL, []).version != fit(SMALL, SMALL[:1] + SMALL[-1:]).version


def test_what_was_learnt_is_known():
    weights = fit(SMALL, [])
    assert all(weights.logits(Batch(TOXIC)) > 0)
    assert all(weights.logits(Batch(CLEAN)) < 0)


def test_every_example_is_scored_by_a_model_that_has_not_seen_it():
    scores = out_of_fold(SMALL, [], folds=5)
    assert len(scores) == len(SMALL)
    assert all((scores > 0) & (scores < 1))
    assert not np.allclose(scores, 1 / (1 + np.exp(-fit(SMALL, []).logits(Batch([e.text for e in SMALL])))))


def test_the_words_of_the_stock_model_keep_their_weights():
    known = known_words()
    (kind, unkind) = known.average(Batch(["thanks", "idiot"]).single_words())
    assert unkind > 1 > kind


def test_our_lines_fill_their_slots_and_share_an_origin():
    examples = own_examples(seed=0)
    filled = [example for example in examples if "{" in example.origin]
    assert filled
    assert not any("{" in example.text for example in examples)
    assert examples == own_examples(seed=0) != own_examples(seed=1)


def test_a_rude_line_is_toxic_only_in_part():
    parts = {example.toxic: example.weight for example in own_examples(seed=0) if example.text == "shut up"}
    assert parts == {True: 0.75, False: 0.25}


def test_both_labels_of_others_weigh_the_same():
    # Many against one: were they not balanced, the many would decide.
    others = [*([Example("grey goose", True, 1.0, "a")] * 50), Example("grey heron", False, 1.0, "b")]
    goose, heron = fit(SMALL, others).logits(Batch(["goose", "heron"])) - fit(SMALL, []).logits(
        Batch(["goose", "heron"])
    )
    assert goose > 0 > heron


def test_held_out_lines_are_not_trained_on():
    held_out = {example.text.casefold() for example in held_out_examples()}
    assert held_out.isdisjoint(example.text.casefold() for example in own_examples(seed=0))
    assert {example.toxic for example in held_out_examples()} == {True, False}


@pytest.mark.parametrize(
    ("head", "toxic", "clean"),
    [("text,toxic", "1", "0"), ("Comment,IsToxic", "True", "False"), ("text,is_toxic", "Toxic", "Not Toxic")],
)
def test_labelled_files_are_read(tmp_path, head, toxic, clean):
    path = write(tmp_path / "a.csv", f'{head}\n"you, sir",{toxic}\nhello,{clean}\n')
    assert [(example.text, example.toxic) for example in read_examples(path)] == [("you, sir", True), ("hello", False)]


def test_tweets_weigh_by_the_agreement_of_their_judges_and_lose_what_makes_them_tweets(tmp_path):
    head = "count,hate_speech,offensive_language,neither,class,tweet"
    path = write(tmp_path / "a.csv", f'{head}\n3,0,3,0,1,"RT @a: @b you &amp; me http://x.co/1"\n4,0,1,3,2,hi\n')
    first, second = read_examples(path)
    assert (first.text, first.toxic, first.weight) == ("@user you & me", True, 1.0)
    assert (second.toxic, second.weight) == (False, 0.5)


def test_files_of_another_form_are_refused(tmp_path):
    with pytest.raises(ValueError, match="needs a column"):
        read_examples(write(tmp_path / "a.csv", "name,age\nx,1\n"))


def test_the_figures_at_a_threshold():
    labels = np.array([True, True, True, False, False])
    row = at_threshold(labels, np.array([0.9, 0.6, 0.1, 0.6, 0.2]), 0.6)
    assert (row.precision, row.recall, row.f1, row.clean_stopped) == pytest.approx((2 / 3, 2 / 3, 2 / 3, 1 / 2))
    one = at_threshold(np.array([True, False]), np.array([0.9, 0.2]), 0.6)
    assert (one.precision, one.recall) == (1, 1)
    nothing = at_threshold(labels, np.zeros(5), 0.6)
    assert (nothing.precision, nothing.recall, nothing.f1, nothing.clean_stopped) == (0, 0, 0, 0)


def test_a_category_is_counted_with_its_labels():
    examples = [Example("you idiot", True, 1.0, "a"), Example("idiot proof", False, 1.0, "b")]
    row = next(row for row in evaluate(examples).categories if row.category == "harassment")
    assert (row.found, row.toxic) == (2, 1)


def test_an_evaluation_needs_both_labels():
    with pytest.raises(ValueError, match="toxic and clean"):
        evaluate(SMALL[:2])


def test_the_evaluation_is_printed(tmp_path):
    rows = "\n".join(f"{example.text},{int(example.toxic)}" for example in SMALL)
    out = io.StringIO()
    call_command(evaluate_moderation.Command(), str(write(tmp_path / "a.csv", f"text,toxic\n{rows}\n")), stdout=out)
    assert "10 texts, 5 toxic" in out.getvalue()
    assert "ROC AUC" in out.getvalue()


def test_training_writes_weights(tmp_path, monkeypatch):
    monkeypatch.setattr("moderation.management.commands.train_moderation.own_examples", lambda seed: SMALL)
    out, path = io.StringIO(), tmp_path / "w.npz"
    data = write(tmp_path / "a.csv", "text,toxic\nvile rat,1\ngood day,0\n")
    call_command(train_moderation.Command(), str(data), "--output", str(path), stdout=out)
    assert Weights.load(path).version in out.getvalue()


def test_training_can_tell_how_well_it_judges_lines_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr("moderation.management.commands.train_moderation.own_examples", lambda seed: SMALL)
    out, path = io.StringIO(), tmp_path / "w.npz"
    call_command(train_moderation.Command(), "--folds", "5", "--output", str(path), stdout=out)
    assert "ROC AUC" in out.getvalue()
    assert not path.exists()


@pytest.mark.parametrize("command", [train_moderation, evaluate_moderation])
def test_a_missing_file_is_an_error_and_no_traceback(command, tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        call_command(command.Command(), str(tmp_path / "none.csv"), stdout=io.StringIO())


def test_an_evaluation_is_told_as_json_and_plotted(tmp_path):
    rows = "\n".join(f'"{example.text}",{int(example.toxic)}' for example in SMALL)
    data, picture = write(tmp_path / "some.csv", f"text,toxic\n{rows}\n"), tmp_path / "plot.svg"
    written = io.StringIO()
    call_command("evaluate_moderation", data, "--json", "--plot", str(picture), stdout=written)
    told = json.loads(written.getvalue())
    assert (told["texts"], told["toxic"], 0 <= told["roc_auc"] <= 1) == (10, 5, True)
    assert [row["threshold"] for row in told["thresholds"]] == [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    root = ElementTree.parse(picture).getroot()
    lines = root.findall("{http://www.w3.org/2000/svg}polyline")
    assert [len(line.attrib["points"].split()) for line in lines] == [49, 49, 49, 49]
    assert "stopped from 0.6 on" in picture.read_text()
