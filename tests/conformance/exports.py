#!/usr/bin/python3
"""Exports in other hands: every format against the workspace itself, read with sqlite3, and with what its readers are made of.

  tests/conformance/exports.py [build/release/ferlab]

Makes a few synthetic faces, lets the model that ships predict one split of them, reviews some, exports everything in each
format. Needs Debian's python3-pil, python3-jsonschema, python3-pymongo (FiftyOne reads its files with its bson) and python3-yaml.
Where the Python packages datasets or fiftyone are installed, they load the folders too. Closes with "N passed, N failed, N
skipped".
"""
import base64
import csv
import importlib.util
import io
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

try:
    import jsonschema
    import yaml
    from bson import json_util
    from PIL import Image
except ImportError as e:
    print(f"skipped: {e}; Debian has python3-pil, python3-jsonschema, python3-pymongo and python3-yaml")
    sys.exit(0)

CLASSES = "neutral happiness surprise sadness anger disgust fear contempt unknown nf".split()
SPLITS = {"train": "train", "valid": "validation", "test": "test", "none": "none"}

# What Label Studio's documents ask of tasks ("Basic Label Studio JSON format", "Relevant JSON property descriptions").
RESULT = {
    "type": "array", "minItems": 1, "items": {
        "type": "object", "required": ["id", "type", "from_name", "to_name", "value"],
        "properties": {
            "type": {"const": "choices"},
            "value": {"type": "object", "required": ["choices"], "properties": {
                "choices": {"type": "array", "minItems": 1, "items": {"enum": CLASSES}}}}}}}
TASKS = {
    "type": "array", "minItems": 1, "items": {
        "type": "object", "required": ["data"], "properties": {
            "data": {"type": "object", "required": ["image"], "properties": {"image": {"type": "string", "format": "uri"}}},
            "annotations": {"type": "array", "items": {
                "type": "object", "required": ["result"], "properties": {
                    "result": RESULT, "was_cancelled": {"type": "boolean"}}, "not": {"required": ["completed_by"]}}},
            "predictions": {"type": "array", "items": {
                "type": "object", "required": ["result"], "properties": {
                    "result": RESULT, "model_version": {"type": "string"},
                    "score": {"type": "number", "minimum": 0, "maximum": 1}}}}}}}


class Workspace:
    """The program on a workspace, and the truth about it."""

    def __init__(self, program, folder):
        self.program, self.folder, self.file = program, folder, folder / "w.ferlab"
        self.run("synth", folder / "faces", "--count", 120, "--seed", 1)
        self.run("import", folder / "faces")
        photos = folder / "photos"  # faces that no crowd has seen
        photos.mkdir()
        for number, face in enumerate(sorted((folder / "faces" / "data" / "FER2013Train").glob("*.png"))[:3]):
            with Image.open(face) as image:
                image.transpose(Image.Transpose.ROTATE_90).save(photos / f"{number}.png")
        self.run("import", "--no-detect", photos)
        self.run("model", "import", pathlib.Path(__file__).resolve().parents[2] / "models" / "ferplus.onnx")
        self.run("eval", "--split", "valid", "--model", "ferplus")
        self.valid = [row["id"] for row in self.run("list", "split:valid")]
        self.run("label", self.valid[0], "fear")
        self.run("accept", self.valid[1])
        self.run("tag", self.valid[0], "blur")
        self.run("note", self.valid[0], 'wide "eyes",\nopen mouth')
        self.run("label", 1, "anger")
        self.run("undo")
        self.truth = self.read()

    def run(self, *words):
        """What the program prints as JSON."""
        command = [self.program, "-w", self.file, *words, "--quiet", "--json"]
        environment = dict(os.environ, FERLAB_REVIEWER="ana")
        done = subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE, env=environment)
        return json.loads(done.stdout)

    def export(self, form):
        out = self.folder / f"out-{form}"
        self.run("export", "--format", form, out)
        return out

    def read(self):
        """By id, from the file itself: split, name, votes, source, pixels, probabilities, events."""
        db = sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)
        columns = ", ".join(CLASSES)
        truth = {}
        for number, split, name, source, gray, *votes in db.execute(
                f"SELECT id, split, name, source, gray, {columns} FROM sample JOIN pixels ON sample = id"):
            truth[number] = {"split": split, "name": name, "votes": votes, "source": source, "pixels": gray, "label": None,
                             "events": []}
        for number, kind, value in db.execute("SELECT sample, kind, value FROM event ORDER BY id"):
            truth.get(number, {"events": []})["events"].append([kind, value])
        for number, value in db.execute("SELECT sample, value FROM standing WHERE kind IN ('relabel', 'accept') ORDER BY id"):
            truth[number]["label"] = value
        return truth


def pixels_of(file):
    """Bytes of an image that is 48x48 and gray."""
    with Image.open(file) as image:
        image.load()
        if image.size != (48, 48) or image.mode != "L" or image.format != "PNG":
            raise AssertionError(f"{image.size} {image.mode} {image.format}")
        return image.tobytes()


def events_of(reviews):
    return [[event["kind"], event["value"]] for event in reviews]


def expect(what, got, wanted):
    if got != wanted:
        raise AssertionError(f"{what}: {got!r}, not {wanted!r}")


def expect_sample(workspace, number, row):
    """A row as plain values: name, split, votes, source, reviews, and the label where a reviewer decided it."""
    truth = workspace.truth[number]
    expect(f"source of {number}", row["source"] or "", truth["source"])
    for key in "name", "split", "votes":
        expect(f"{key} of {number}", row[key], truth[key])
    expect(f"reviews of {number}", events_of(row["reviews"]), truth["events"])
    expect(f"reviewed of {number}", row["reviewed"], truth["label"] is not None)
    if truth["label"]:
        expect(f"label of {number}", row["label"], truth["label"])
    else:
        expect(f"label of {number}", row["label"], row["crowd"])


def jsonl(workspace):
    rows = [json.loads(line) for line in workspace.export("jsonl").read_text().splitlines()]
    for row in rows:
        expect_sample(workspace, row["id"], row)
        expect("scores", {key: row["scores"][key] for key in ("confidence", "divergence", "suspect", "entropy")},
               {key: row[key] for key in ("confidence", "divergence", "suspect", "entropy")})
        if row["prediction"]:
            expect("best", CLASSES[row["probabilities"].index(max(row["probabilities"]))], row["prediction"])
    expect("ids", sorted(row["id"] for row in rows), sorted(workspace.truth))
    expect("predicted", sum(row["prediction"] is not None for row in rows), len(workspace.valid))


def comma_separated(workspace):
    with open(workspace.export("csv"), newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, strict=True))
    for row in rows:
        row["votes"] = [int(row["votes_" + name]) for name in CLASSES]
        row["reviews"] = json.loads(row["reviews"])
        row["reviewed"] = row["reviewed"] == "yes"
        expect_sample(workspace, int(row["id"]), row)
    expect("ids", sorted(int(row["id"]) for row in rows), sorted(workspace.truth))
    note = [row["note"] for row in rows if row["note"]]
    expect("notes", note, ['wide "eyes",\nopen mouth'])


def imagefolder(workspace):
    out = workspace.export("imagefolder")
    front = yaml.safe_load(out.joinpath("README.md").read_text().split("---\n")[1])
    configured = {entry["split"]: entry["path"] for entry in front["configs"][0]["data_files"]}
    present = {SPLITS[truth["split"]] for truth in workspace.truth.values()}
    expect("splits", configured, {split: f"{split}/**" for split in present})
    seen, types = [], set()
    for split in present:
        lines = out.joinpath(split, "metadata.jsonl").read_text().splitlines()
        for row in map(json.loads, lines):
            types.add(tuple((key, type(value).__name__, type(value[0]).__name__ if isinstance(value, list) else "")
                            for key, value in row.items()))
            row["split"] = {long: short for short, long in SPLITS.items()}[split]
            row["reviews"] = json.loads(row["reviews"])
            expect_sample(workspace, row["id"], row)
            expect("pixels", pixels_of(out / split / row["file_name"]), workspace.truth[row["id"]]["pixels"])
            seen.append(row["id"])
        expect("files", len(list(out.joinpath(split).iterdir())), len(lines) + 1)
    expect("ids", sorted(seen), sorted(workspace.truth))
    expect("column types", len(types), 1)


def labelstudio(workspace):
    out = workspace.export("labelstudio")
    tasks = json.loads(out.joinpath("tasks.json").read_text())
    jsonschema.Draft7Validator(TASKS).validate(tasks)
    view = xml.etree.ElementTree.parse(out / "config.xml").getroot()
    control, shown = view.find("Choices"), view.find("Image")
    expect("choices", [choice.get("value") for choice in control], CLASSES)
    expect("value", shown.get("value"), "$image")
    expect("toName", control.get("toName"), shown.get("name"))
    ids = []
    for task in tasks:
        data = task["data"]
        number = data["ferlab_id"]
        data["votes"] = [data["votes"][name] for name in CLASSES]
        expect_sample(workspace, number, data)
        head, image = data["image"].split(",", 1)
        expect("URI", head, "data:image/png;base64")
        expect("pixels", pixels_of(io.BytesIO(base64.b64decode(image, validate=True))), workspace.truth[number]["pixels"])
        for said in task["annotations"] + task["predictions"]:
            for result in said["result"]:
                expect("from_name", result["from_name"], control.get("name"))
                expect("to_name", result["to_name"], shown.get("name"))
                ids.append(result["id"])
        decided = workspace.truth[number]["label"]
        expect("annotations", [a["result"][0]["value"]["choices"] for a in task["annotations"]],
               [[decided]] if decided not in (None, "none") else [])
    expect("ids", sorted(task["data"]["ferlab_id"] for task in tasks), sorted(workspace.truth))
    expect("ids of results", len(set(ids)), len(ids))


def fiftyone(workspace):
    out = workspace.export("fiftyone")
    metadata = json_util.loads(out.joinpath("metadata.json").read_text())
    samples = json_util.loads(out.joinpath("samples.json").read_text())["samples"]
    expect("media type", metadata["media_type"], "image")
    expect("classes", metadata["info"]["classes"], CLASSES)
    if "version" in metadata or "sample_fields" in metadata:
        raise AssertionError("metadata.json speaks of a database")
    types = {}
    for sample in samples:
        number = sample["ferlab_id"]
        for key, value in sample.items(): # a field has one type, or FiftyOne refuses the sample
            if value is not None:
                expect(f"type of {key}", types.setdefault(key, type(value)), type(value))
        row = dict(sample, label=(sample["ground_truth"] or {"label": "none"})["label"],
                   crowd=(sample["crowd"] or {"label": "none"})["label"])
        expect_sample(workspace, number, row)
        expect("folder", sample["filepath"].split("/")[:2], ["data", SPLITS[sample["split"]]])
        expect("pixels", pixels_of(out / sample["filepath"]), workspace.truth[number]["pixels"])
        for key in "ground_truth", "crowd", "predictions":
            expect(f"class of {key}", (sample[key] or {"_cls": "Classification"})["_cls"], "Classification")
    expect("ids", sorted(sample["ferlab_id"] for sample in samples), sorted(workspace.truth))
    expect("reserved", {"id", "_id", "metadata", "media_type", "created_at"} & set(types), set())


def imagefolder_by_datasets(workspace):
    import datasets
    loaded = datasets.load_dataset(str(workspace.folder / "out-imagefolder"), cache_dir=str(workspace.folder / "cache"))
    seen = {row["id"]: row for split in loaded.values() for row in split}
    expect("ids", sorted(seen), sorted(workspace.truth))
    for number, row in seen.items():
        expect("pixels", row["image"].tobytes(), workspace.truth[number]["pixels"])
        expect("votes", row["votes"], workspace.truth[number]["votes"])


def fiftyone_by_itself(workspace):
    import fiftyone as fo
    dataset = fo.Dataset.from_dir(str(workspace.folder / "out-fiftyone"), dataset_type=fo.types.FiftyOneDataset)
    seen = {sample["ferlab_id"]: sample for sample in dataset}
    expect("ids", sorted(seen), sorted(workspace.truth))
    for number, sample in seen.items():
        expect("votes", list(sample["votes"]), workspace.truth[number]["votes"])
        if workspace.truth[number]["label"]:
            expect("label", sample["ground_truth"].label, workspace.truth[number]["label"])
    dataset.delete()


CHECKS = [(jsonl, None), (comma_separated, None), (imagefolder, None), (labelstudio, None), (fiftyone, None),
          (imagefolder_by_datasets, "datasets"), (fiftyone_by_itself, "fiftyone")]


def main():
    program = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/release/ferlab").resolve()
    passed = failed = skipped = 0
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(program, pathlib.Path(folder))
        for check, package in CHECKS:
            if package and not importlib.util.find_spec(package):
                print(f"{check.__name__}: skipped, {package} is not installed")
                skipped += 1
                continue
            try:
                check(workspace)
                print(f"{check.__name__}: fine")
                passed += 1
            except Exception as e: # one format's failure is not the others'
                print(f"{check.__name__}: {type(e).__name__}: {e}")
                failed += 1
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
