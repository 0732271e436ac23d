"""Who uses the processor's cores while a video is worked on."""

import cv2


def leave_to_codecs() -> None:
    """Have OpenCV work in the thread that calls it from now on.

    Decoding and encoding keep all cores busy. What OpenCV does to a frame takes a millisecond at a time: threads of its
    own are hardly of use for that, and between two tasks they run on without any for longer than it took.

    It holds for the whole process, until that ends.
    """
    cv2.setNumThreads(1)
