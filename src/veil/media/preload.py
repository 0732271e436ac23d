"""Loading what codecs would load when they are first used, for processes that then can open no file any more."""

from importlib import import_module
from pkgutil import walk_packages


def load_pictures() -> None:
    """Load all of Pillow that everyday pictures need, and what np.unique() looks at."""
    import numpy.ma
    from PIL import Image

    assert numpy.ma
    Image.preinit()


def load_moving() -> None:
    """Load all of PyAV, which loads its kinds of streams when it meets them, and what np.unique() looks at."""
    import av
    import numpy.ma

    assert numpy.ma

    for module in walk_packages(av.__path__, "av."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
