#!/usr/bin/python3
"""Exported models in other hands: ONNX's checker, and OpenCV's dnn against ferlab's own probabilities.

  tests/conformance/onnx_export.py [build/release/ferlab]

Exports the model that ships, and one of each architecture after a little training, as they are and with
--fold-bn; compares the probabilities of a few pictures, one at a time and as one batch. Needs python3-onnx
and python3-opencv; closes with "N passed, N failed".
"""
import json
import pathlib
import subprocess
import sys
import tempfile

try:
    import cv2
    import numpy as np
    import onnx
except ImportError as e:
    print(f"skipped: {e}; Debian has python3-onnx and python3-opencv")
    sys.exit(0)

ARCHITECTURES = ["default", "vgg13", "16,24x1,P,32b,32x1b,P,D10,48,G,F40,D20", "8x1,P,12b,P,V,F20"]
SHIPPED = pathlib.Path(__file__).resolve().parents[2] / "models" / "ferplus.onnx"
NOTES = {"classes", "input", "arch", "producer", "recipe", "run", "valid_accuracy", "label_revision"}
PICTURES = 3
TOLERANCE = 1e-5


class Workspace:
    """The program on a workspace of a few synthetic faces."""

    def __init__(self, program, folder):
        self.program, self.file = program, folder / "w.ferlab"
        self.run("synth", folder / "faces", "--count", 100, "--seed", 1)
        self.run("import", folder / "faces")

    def run(self, *words):
        """What the program prints as JSON."""
        command = [self.program, "-w", self.file, *words, "--quiet", "--json"]
        done = subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE)
        return json.loads(done.stdout)

    def models(self):
        """Names of models to check, with what they are."""
        yield self.run("model", "import", SHIPPED)[0]["name"], "the model that ships"
        for i, arch in enumerate(ARCHITECTURES):
            name = f"net{i}"
            self.run("train", "--arch", arch, "--name", name, "--epochs", 1, "--batch", 16, "--limit", 64)
            yield name, arch

    def probabilities(self, pictures, model):
        rows = self.run("predict", *pictures, "--model", model)
        return np.array([row["faces"][0]["probabilities"] for row in rows])


def draw_pictures(folder, side):
    """Pictures of the model's own size, which reach it as they are; smooth noise."""
    rng = np.random.default_rng(side)
    paths = []
    for i in range(PICTURES):
        coarse = rng.uniform(0, 255, (8, 8)).astype(np.uint8)
        paths.append(folder / f"{side}-{i}.png")
        cv2.imwrite(str(paths[-1]), cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC))
    return paths


def standardised(path):
    """The input that the file's note "input" describes."""
    x = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE).astype(np.float64)
    return ((x - x.mean()) / (x.std() + 1e-3 * 255)).astype(np.float32)


def by_opencv(file, images, batch):
    """Probabilities, each averaged over the picture and its mirror image, as ferlab does."""
    net = cv2.dnn.readNetFromONNX(str(file))
    both = []
    for x in images, images[:, :, ::-1]:
        rows = []
        for first in range(0, len(x), batch):
            net.setInput(np.ascontiguousarray(x[first : first + batch, None]))
            rows.append(net.forward().copy())
        both.append(np.concatenate(rows))
    return (both[0] + both[1]) / 2


def problems(file, own, pictures, folded):
    """What is wrong with an exported file, in words."""
    model = onnx.load(str(file))
    onnx.checker.check_model(model, full_check=True)
    notes = {p.key for p in model.metadata_props}
    if folded and "BatchNormalization" in {n.op_type for n in model.graph.node}:
        yield "BatchNormalization is still there"
    if not model.graph.input[0].type.tensor_type.shape.dim[0].dim_param:
        yield "the batch is fixed"
    if not NOTES <= notes:
        yield f"notes lack: {', '.join(sorted(NOTES - notes))}"
    images = np.stack([standardised(p) for p in pictures])
    for batch in 1, PICTURES:
        away = np.abs(by_opencv(file, images, batch) - own).max()
        if not away <= TOLERANCE:
            yield f"OpenCV with batch {batch} is {away:.1e} away"


def checks(workspace, folder):
    """Whether each form of each model is fine."""
    for name, title in workspace.models():
        side = next(m["input_size"] for m in workspace.run("models") if m["name"] == name)
        pictures = draw_pictures(folder, side)
        own = workspace.probabilities(pictures, name)
        for folded in False, True:
            file = folder / f"{name}{'-folded' if folded else ''}.onnx"
            workspace.run("model", "export", name, file, *(["--fold-bn"] if folded else []))
            found = list(problems(file, own, pictures, folded))
            away = np.abs(workspace.probabilities(pictures, file) - own).max()
            if not away <= TOLERANCE:
                found.append(f"read back it is {away:.1e} away")
            print(f"{title}{', folded' if folded else ''}: {'; '.join(found) or 'fine'}")
            yield not found


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else "build/release/ferlab"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        fine = list(checks(Workspace(program, folder), folder))
    print(f"{sum(fine)} passed, {len(fine) - sum(fine)} failed")
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.exit(main())
