"""Loading what codecs would load when they are first used, for processes that then can open no file any more."""

from importlib import import_module
from pkgutil import walk_packages


def load_pictures() -> None:
    """Load all of Pillow that everyday pictures need."""
    from PIL import Image

    Image.preinit()


def load_moving() -> None:
    """Load all of PyAV: it loads its kinds of streams when it meets them."""
    import av

    for module in walk_packages(av.__path__, "av."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
