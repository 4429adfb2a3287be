"""Pictures and arrays in the forms that eo-data --from reads, by NumPy and Pillow, and what has to come out of them.

    python3 tests/golden/make_pictures.py        (NumPy 2.4, Pillow 13.0; writes tests/golden/pictures)

expected.npy holds the grey pictures of folder/ as [count, 1, 8, 8] in the order of classes 2, 10, ant (numbers by
value, then names), files sorted. colour.npy holds the one of colour/ as [1, 3, 6, 4].
"""
import os
import numpy as np
from PIL import Image

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pictures")
rng = np.random.default_rng(1)


def save(path, image):
    path = os.path.join(here, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    image.save(path)


expected = []
for name in ("2", "10", "ant"):
    for i in range(3):
        pixels = rng.integers(0, 256, (8, 8), dtype=np.uint8)
        if name == "10" and i == 0:  # a palette of greys
            image = Image.fromarray(pixels).convert("P")
            pixels = np.asarray(image.convert("L"))
        elif name == "10" and i == 1:  # an alpha channel that hides nothing
            image = Image.fromarray(pixels).convert("LA")
        else:
            image = Image.fromarray(pixels)
        save(f"folder/{name}/{i}.png", image)
        expected.append(pixels[None])
np.save(os.path.join(here, "expected.npy"), np.stack(expected))

colour = rng.integers(0, 256, (6, 4, 3), dtype=np.uint8)
save("colour/a/0.png", Image.fromarray(colour))
save("colour/b/0.png", Image.fromarray(colour[::-1].copy()))
np.save(os.path.join(here, "colour.npy"), np.stack([colour.transpose(2, 0, 1), colour[::-1].transpose(2, 0, 1)]))

x = rng.integers(0, 256, (6, 5, 4, 3), dtype=np.uint8)
y = np.array([[0], [1], [2], [0], [1], [2]], dtype=np.int64)
np.savez_compressed(os.path.join(here, "channels-last.npz"), x_train=x[:4], y_train=y[:4], x_test=x[4:], y_test=y[4:])
np.save(os.path.join(here, "channels-last.npy"), x.transpose(0, 3, 1, 2))  # what comes out

signal = np.round(rng.uniform(-1, 1, (4, 6, 9, 1)).astype(np.float32), 3)
signal[0, 0, 0, 0], signal[0, 0, 1, 0] = -1, 1
np.savez(os.path.join(here, "signal.npz"), x=signal.astype(">f4"), y=np.array([0, 1, 0, 1], dtype=np.int8))
steps = np.floor((signal.astype(np.float64) + 1) * 255 / 2 + 0.5).astype(np.uint8)
np.save(os.path.join(here, "signal.npy"), steps)

bad = {
    "fortran": np.asfortranarray(x[0, :, :, 0]),
    "complex": np.zeros((2, 2), dtype=np.complex64),
    "scalar": np.array(3.0),
    "rank5": np.zeros((1, 1, 1, 1, 1), dtype=np.uint8),
    "empty": np.zeros((0, 4), dtype=np.uint8),
}
for name, array in bad.items():
    np.save(os.path.join(here, f"bad-{name}.npy"), array)
np.save(os.path.join(here, "bad-object.npy"), np.array([None, 1], dtype=object), allow_pickle=True)
np.save(os.path.join(here, "bad-record.npy"), np.zeros(2, dtype=[("a", "u1"), ("b", "f4")]))
