#!/bin/sh
# What the Dockerfile does, step by step, so that it can also be done and tested without a container.
#   build_image.sh install SOURCE FOLDER   Veil, with its workers, into a virtual environment of its own
#   build_image.sh trim FOLDER             leave out of it what only installing needs
#   build_image.sh store FOLDER [OWNER]    a folder for photos that its owner alone can enter
set -eu
step=$1
shift
case "$step" in
    install)
        python3 -m venv "$2"
        "$2/bin/pip" install --no-cache-dir --constraint "$1/requirements-dev.lock" "$1[celery]"
        ;;
    trim)
        rm -rf "$1"/lib/*/site-packages/pip "$1"/lib/*/site-packages/pip-* "$1"/bin/pip*
        ;;
    store)
        install --directory --mode 700 "$1"
        [ $# -lt 2 ] || chown "$2" "$1"
        ;;
    *)
        echo "There is no step $step." >&2
        exit 2
        ;;
esac
