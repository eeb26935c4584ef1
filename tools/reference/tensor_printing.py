"""Writes printings of numpy arrays for TensorPrintingTest: python3 tensor_printing.py > tensor-printing.txt

A case is a line `case TYPE SHAPE PRECISION SOURCE`, the printing, and a line `end`. SOURCE is the bits of the numbers, or
`random:SEED:SCALE`: numbers of a linear congruential generator, scaled.
"""

import numpy as np

SPECIAL = [float("nan"), float("inf"), float("-inf")]


def shown(shape):
    return "x".join(map(str, shape)) or "-"


def write(array, precision, source):
    kind = "I8" if array.dtype == np.int8 else "F32"
    print("case", kind, shown(array.shape), precision, source)
    sizes = np.abs(array[np.isfinite(array) & (array != 0)]) if array.size else np.zeros(0)
    suppress = sizes.size > 0 and bool(sizes.max() >= np.float32(0.001))  # as Tensor does, beside small numbers alone
    print(np.array2string(array, precision=precision, suppress_small=suppress))
    print("end")


def listed(values, shape=None, precisions=(4, 8)):
    array = np.array(values, dtype=np.float32)
    array = array.reshape(shape if shape is not None else array.shape)
    bits = ",".join(f"{b:08x}" for b in array.reshape(-1).view(np.uint32)) or "-"
    for precision in precisions:
        write(array, precision, "bits:" + bits)


def random(shape, seed, scale, precision=4, kind=np.float32):
    state, values = seed, []
    for _ in range(int(np.prod(shape))):
        state = (state * 1664525 + 1013904223) % 2**32
        signed = state - 2**32 if state >= 2**31 else state
        values.append(signed / 2**31 * scale)
    array = np.array(values, dtype=np.float64)
    array = np.rint(array.astype(np.float32)).astype(kind) if kind == np.int8 else array.astype(kind)
    write(array.reshape(shape), precision, f"random:{seed}:{scale}")


print("numpy", np.__version__)
listed([1, 2, 3])
listed([0.5, -1.25, 3])
listed([1 / 3, 2 / 3, -1 / 7])
listed([0, -0.0, 0.1])
listed([1e-5, 1])
listed([1e-4, 0.05])
listed([0.0001, 0.00015, 0.00025, 0.00035])
listed([0.00005, 0.02])
listed([999999, 1000])
listed([1000000, 2000000])
listed([1e10, -1.5e-10, 0])
listed([1e38, 1.4e-45, 3e-39])
listed([1000.5, 1.0])
listed([1001.5, 1.0])
listed([123456.789, 98765.4])
listed([0.99999, 0.999951, 0.99995])
listed([9.99996e-5, 9.99995e10])
listed([1.00005, 2.00015, 1.5])
listed(SPECIAL)
listed([1.5, float("nan")])
listed([-1, float("-inf"), 20.25])
listed([1e-9, float("inf"), float("-inf")])
listed([float("inf"), 3])
listed(7.25, ())
listed(1e-7, ())
listed([], (0,))
listed([], (2, 0, 3))
listed([0, 0, 0, 0], (2, 2), (4, 0))
listed([0.5, 1.5, 2.5], None, (0, 1, 2))
random((2, 3), 1, 3)
random((2, 3), 2, 3, 8)
random((3, 4, 5), 3, 10)
random((2, 2, 2, 3), 4, 0.01)
random((1, 1, 30), 5, 100)
random((30,), 6, 1)
random((30,), 6, 1, 8)
random((3, 30), 7, 1e-6)
random((1000,), 8, 2)
random((1001,), 9, 2)
random((40, 50), 10, 2)
random((7, 7, 25), 11, 5)
random((7, 6, 25), 12, 5)
random((1, 14, 2048), 13, 20)
random((2, 12, 6, 10, 7), 14, 20, 8)
random((4, 300), 15, 1e9)
random((4, 300), 16, 1e5)
random((5, 7), 17, 127, 4, np.int8)
random((2000,), 18, 100, 4, np.int8)
random((4,), 19, 9, 4, np.int8)
