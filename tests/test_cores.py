import subprocess
import sys

CODE = "import cv2; from veil import cores; cv2.setNumThreads(4); cores.leave_to_codecs(); print(cv2.getNumThreads())"


def test_opencv_works_in_one_thread() -> None:
    """In a process of its own: it holds for the whole process."""
    assert subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True).stdout == "1\n"
