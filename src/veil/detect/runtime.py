"""Running networks on the processor: the only module that imports OpenVINO.

``import openvino`` reports itself to an analytics host through the package openvino_telemetry where that is installed.
Veil makes that package unimportable first; OpenVINO then works without it and talks to nobody.
"""

import hashlib
import queue
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from veil.errors import DetectorError
from veil.models import Weights

_TELEMETRY = "openvino_telemetry"
_CONVERTER = "openvino.tools.ovc"

SIZE_STEP = 128
"""Pictures are padded to multiples of this, so that sizes come back: a new one takes twice as long as one seen before.

It is a multiple of what the networks themselves ask for."""

# OpenVINO sets up parts of itself when they are first used, and hangs for ever when two threads do that at the same
# time: each waits for the other and for Python's lock. So a model is loaded, and looks for the first time, alone.
_FIRST_USE = threading.Lock()


@dataclass(frozen=True, slots=True)
class Tuning:
    """How a network uses the processor.

    Attributes:
        precision: "f32" gives the same numbers on every processor up to rounding. "bf16" is about twice as fast where
            the processor computes in bfloat16 itself, and means "f32" elsewhere. It moves 95 of 100 scores by less
            than 0.01, but single ones by 0.15.
        streams: How many pictures are looked at side by side, when as many threads of the caller ask. One gives the
            shortest time for one picture; two finish a folder a tenth to a sixth sooner on two cores, but hold the
            memory of two pictures (CenterFace: 0.2 GB for a megapixel in f32).
        threads: Processor threads for all streams together; 0 lets OpenVINO take one for each core.
    """

    precision: Literal["f32", "bf16"] = "f32"
    streams: int = 1
    threads: int = 0

    def __post_init__(self) -> None:
        if self.streams < 1 or self.threads < 0:
            raise ValueError(f"streams must be at least 1 and threads at least 0, but got {self}")


@dataclass(frozen=True, slots=True)
class Input:
    """How a network wants its picture; the conversion from RGB uint8 is built into the compiled network.

    Attributes:
        layout: Order of the axes of the network's input.
        multiple: Pictures are padded to multiples of this; None when the network takes one size only.
        bgr: Blue comes first.
        mean: Subtracted from every value from 0 to 255 ...
        scale: ... which is then divided by this.
    """

    layout: Literal["NCHW", "NHWC"]
    multiple: int | None
    bgr: bool = False
    mean: float = 0.0
    scale: float = 1.0


class Model:
    """A compiled network that takes RGB pictures; may be called from several threads at once.

    Networks that take any size are compiled once with open height and width: compiling again for each new size costs
    0.13 to 0.3 s, while an open network loses about a tenth of its speed at sizes seen before.
    """

    def __init__(self, weights: Weights, takes: Input, tuning: Tuning | None = None) -> None:
        """Check the weights and compile the network.

        Args:
            weights: Which network.
            takes: How it wants its picture.
            tuning: How it uses the processor; ``Tuning()`` when None.

        Raises:
            DetectorError: The weights are missing or damaged, OpenVINO cannot be loaded without its reports, or it
                cannot compile the network.
        """
        tuning = tuning or Tuning()
        _verify(weights)
        self._file = weights.file
        self._multiple = takes.multiple
        # One request for each stream: a further thread would only wait inside OpenVINO, holding more memory.
        self._idle: queue.SimpleQueue[Any] = queue.SimpleQueue()
        with _FIRST_USE:
            openvino = _import_openvino()
            try:
                core = _core(openvino)
                network = _prepared(openvino, core.read_model(weights.path), takes)
                self._compiled = core.compile_model(network, "CPU", _settings(core, tuning))
                for _ in range(tuning.streams):
                    self._idle.put(self._compiled.create_infer_request())
            except (RuntimeError, TypeError, ValueError) as error:
                raise DetectorError(
                    f"The model {weights.file} could not be loaded by OpenVINO ({_in_a_line(error)}); nothing was "
                    "looked at.\nInstall Veil again, with the version of OpenVINO that it asks for."
                ) from error
            height, width = (takes.multiple,) * 2 if takes.multiple else self._compiled.input(0).shape[1:3]
            self.run(np.zeros((height, width, 3), np.uint8))

    def run(self, pixels: NDArray[np.uint8]) -> Mapping[str, NDArray[np.float32]]:
        """Look at one picture.

        Args:
            pixels: RGB, shape (H, W, 3), dtype uint8. Black is added at the right and the bottom where the network
                wants a multiple of some size.

        Returns:
            Every output of the network by its name, without the batch axis.

        Raises:
            ValueError: ``pixels`` has another shape or dtype, or is empty.
            DetectorError: OpenVINO failed, or the answer holds NaN, which would read as "no face".
        """
        batch = _padded(check_picture(pixels), self._multiple or 1)[None]
        request = self._idle.get()
        try:
            request.infer([batch], share_inputs=True)
            outputs: dict[str, NDArray[np.float32]] = {}
            for port, tensor in zip(request.model_outputs, request.output_tensors, strict=True):
                outputs |= dict.fromkeys(port.names, tensor.data[0].copy())
        except (RuntimeError, MemoryError) as error:
            height, width = pixels.shape[:2]
            raise DetectorError(
                f"The model {self._file} failed on a picture of {width} x {height} pixels ({_in_a_line(error)}); "
                "no result was made of it.\nTry again with more free memory, or report the picture's size."
            ) from error
        finally:
            self._idle.put(request)
        if not all(np.isfinite(output).all() for output in outputs.values()):
            raise DetectorError(
                f"The model {self._file} answered with numbers that are not finite; no result was made of the picture."
                "\nTry again with the precision f32 if it was bf16."
            )
        return outputs


def check_picture(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return ``pixels`` if it is an RGB picture, shape (H, W, 3), dtype uint8, with at least one pixel.

    Raises:
        ValueError: It is not.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or not pixels.size:
        raise ValueError(
            f"pixels must be a picture of shape (height, width, 3) and dtype uint8, but got shape {pixels.shape} "
            f"and dtype {pixels.dtype}"
        )
    return pixels


def _padded(pixels: NDArray[np.uint8], multiple: int) -> NDArray[np.uint8]:
    """Return a contiguous picture whose sides are multiples of ``multiple``; the same one where it fits already."""
    height, width = pixels.shape[:2]
    below, right = -height % multiple, -width % multiple
    if not below and not right:
        return np.ascontiguousarray(pixels)
    padded = np.zeros((height + below, width + right, 3), np.uint8)
    padded[:height, :width] = pixels
    return padded


def _verify(weights: Weights) -> None:
    """Refuse a file of weights that does not have its sum."""
    advice = "Nothing was looked at.\nInstall Veil again, or run scripts/build_models.py."
    try:
        with weights.path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DetectorError(f"The model {weights.file} cannot be read ({error.strerror or error}). {advice}") from error
    if sha256 != weights.sha256:
        raise DetectorError(f"The model {weights.file} is damaged: its SHA-256 is not the expected one. {advice}")


def _import_openvino() -> ModuleType:
    """Import OpenVINO so that it cannot report anything.

    Raises:
        DetectorError: Somebody imported it with its reports on before us, or it cannot be imported.
    """
    if sys.modules.get(_TELEMETRY) is not None and "openvino" in sys.modules:
        raise DetectorError(
            "This program imported OpenVINO with its usage reports on, so it may already have called an analytics "
            "host; Veil looked at nothing.\nUninstall openvino-telemetry, or load a detector of Veil before anything "
            "imports openvino."
        )
    sys.modules[_TELEMETRY] = None  # type: ignore[assignment]  # None makes every later import of it fail
    # The converter of other formats takes half of the time to import and is not needed here; it stays importable.
    converter_comes_along = "openvino" not in sys.modules
    if converter_comes_along:
        sys.modules[_CONVERTER] = None  # type: ignore[assignment]
    try:
        import openvino  # type: ignore[import-untyped]
    except ImportError as error:
        raise DetectorError(
            f"OpenVINO cannot be imported ({_in_a_line(error)}), so no picture can be looked at.\n"
            "Install it with: pip install openvino"
        ) from error
    finally:
        if converter_comes_along:
            del sys.modules[_CONVERTER]
    module: ModuleType = openvino
    return module


@cache
def _core(openvino: ModuleType) -> Any:
    """Return the one core of this process, which stays until that ends.

    A core gives the thread that makes it another stack for signals, and whichever thread lets go of it the one from
    before. If several come and go in any order, a stack is left that is gone: the next signal would end the process.
    """
    return openvino.Core()


def _prepared(openvino: ModuleType, network: Any, takes: Input) -> Any:
    """Return ``network`` with the conversion from RGB uint8, axes NHWC, to its own input in front of it."""
    if takes.multiple:
        network.reshape([{"N": 1, "C": 3}.get(axis, -1) for axis in takes.layout])
    build = openvino.preprocess.PrePostProcessor(network)
    entry = build.input()
    entry.tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
    entry.model().set_layout(openvino.Layout(takes.layout))
    steps = entry.preprocess().convert_element_type(openvino.Type.f32)
    if takes.bgr:
        steps.reverse_channels()
    if takes.mean or takes.scale != 1:
        steps.mean(takes.mean).scale(takes.scale)
    return build.build()


def _settings(core: Any, tuning: Tuning) -> dict[str, Any]:
    native_bf16 = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    settings: dict[str, Any] = {
        "PERFORMANCE_HINT": "LATENCY" if tuning.streams == 1 else "THROUGHPUT",
        "NUM_STREAMS": tuning.streams,
        "INFERENCE_PRECISION_HINT": "bf16" if tuning.precision == "bf16" and native_bf16 else "f32",
        # Kernels prepared for the last twenty sizes or so: each size takes 3.5 MB, so memory stays bounded.
        "CPU_RUNTIME_CACHE_CAPACITY": 1500,
        # Two processes that both pin their threads would share the same cores and leave others idle.
        "ENABLE_CPU_PINNING": False,
    }
    if tuning.threads:
        settings["INFERENCE_NUM_THREADS"] = tuning.threads
    return settings


def _in_a_line(error: Exception) -> str:
    """Return the last line of what an error says, which in OpenVINO's long ones is the cause."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
